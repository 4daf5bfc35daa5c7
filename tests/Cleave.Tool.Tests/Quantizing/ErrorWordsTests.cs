using System.IO;
using System.Text.Json;
using Cleave.Tool.Output;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Quantizing.Search;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>Figures of errors, for people and for programs: no rounding says that something is better than it is.</summary>
public sealed class ErrorWordsTests
{
    private static StatedError Error(double worst, double top1 = 0.996) => new(4, worst, worst / 2, 0.9999999, top1, "y");

    [Theory]
    [InlineData(0.000001, 0.00001, "the output 'y' is 1e-06 of its length off on x; 1E-05 are allowed")]
    [InlineData(0.0123456, 0.05, "the output 'y' is 0.0123 of its length off on x; 0.05 are allowed")]
    [InlineData(0.0500049, 0.05, "the output 'y' is 0.050005 of its length off on x; 0.05 are allowed")]
    [InlineData(0.04991, 0.04995, "the output 'y' is 0.0499 of its length off on x; 0.04995 are allowed")]
    public void An_error_has_as_many_digits_as_it_takes_to_compare_it(double worst, double budget, string expected) => Assert.StartsWith(expected, Comparison(worst, budget).Words);

    [Fact]
    public void What_is_nearly_all_is_not_all()
    {
        StringWriter output = new();
        QuantizeText.Write(new QuantizeReport
        {
            Model = "m",
            Output = "o",
            OnnxRuntime = "1",
            MaxError = 0.00001,
            Form = "dynamic",
            Operators = [],
            Curve = [],
            Search = Error(0.000009, top1: 0.29),
            HeldOut = Error(0.00000912345),
        }, output);
        string text = output.ToString().ReplaceLineEndings(" ");
        Assert.Contains("error (of 1E-05 allowed): worst 9.12e-06, median 4.56e-06, cosine 0.99999, same top-1 in 99 % of the rows", text);
        Assert.Contains("same top-1 in 29 % of the rows", text);
    }

    [Fact]
    public void One_is_one() => Assert.EndsWith("(1 input that it was not made with)", (Comparison(0.1, 0.2) with { Error = Error(0.1) with { Inputs = 1 } }).Words);

    /// <summary>JSON has no other word for it.</summary>
    [Fact]
    public void What_is_not_finite_is_null_in_json()
    {
        StringWriter output = new();
        JsonReport.Write(Comparison(double.PositiveInfinity, 0.05), JsonReport.Default.SourceComparison, output);
        JsonElement json = JsonDocument.Parse(output.ToString()).RootElement;
        Assert.Equal(JsonValueKind.Null, json.GetProperty("error").GetProperty("worst").ValueKind);
        Assert.False(json.GetProperty("isWithin").GetBoolean());
        Assert.Equal(0.05, json.GetProperty("maxError").GetDouble());
    }

    private static SourceComparison Comparison(double worst, double budget) =>
        new() { Model = "m", Against = "a", OnnxRuntime = "1", MaxError = budget, Error = Error(worst), Input = "x", Calibrated = 0 };
}
