using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.OnnxProto;
using Cleave.TestKit.Synthetic;
using Cleave.Tool.Preparing;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests.Planning;

/// <summary>What plan says of memory is what a runner counts against its limit.</summary>
public sealed class PlanMemoryTests
{
    private const int Width = 64;

    [Theory]
    [InlineData("weights of 8 bits")]
    [InlineData("weights of 16 bits")]
    [InlineData("weights that only bodies read")]
    public async Task Plan_counts_as_the_runner_does(string what)
    {
        using TempFolder folder = new();
        string path = Path.Combine(folder.Path, "model.onnx");
        File.WriteAllBytes(path, Model(what).ToByteArray());
        using OpenedForRunner runner = new(path, new ListingOptions(), 1, new RunnerOptions(), default);

        JsonElement memory = (await ToolRun.Of("plan", path, "--cores", "1", "--json")).Json.GetProperty("memory");

        Assert.InRange(runner.Factory.WeightBytes, Width * Width, 5 * Width * Width);
        Assert.Equal(runner.Factory.WeightBytes, memory.GetProperty("weightBytes").GetInt64());
        Assert.Equal(runner.Factory.PlainBytes(runner.Modes.Modes[runner.Modes.Planned].Plan), memory.GetProperty("plainBytes").GetInt64());
    }

    [Theory]
    [InlineData("weights in a file that is missing")]
    [InlineData("weights rounded for another processor")]
    public async Task What_cannot_be_opened_here_is_planned_all_the_same(string what)
    {
        using TempFolder folder = new();
        string path = Path.Combine(folder.Path, "model.onnx");
        ModelProto model = Model("weights of 8 bits");
        if (what.Contains("missing", StringComparison.Ordinal))
        {
            TensorProto weight = model.Graph.Initializer.First(i => i.DataType == (int)ElementType.Int8);
            weight.RawData = ByteString.Empty;
            weight.DataLocation = TensorProto.Types.DataLocation.External;
            weight.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "missing.bin" });
        }
        else
        {
            model.MetadataProps.Add(new StringStringEntryProto { Key = QuantisationMetadata.Processor, Value = QuantisationMetadata.Vnni });
        }
        File.WriteAllBytes(path, model.ToByteArray());

        JsonElement memory = (await ToolRun.Of("plan", path, "--cores", "1", "--json")).Json.GetProperty("memory");

        Assert.InRange(memory.GetProperty("weightBytes").GetInt64(), Width * Width, 5 * Width * Width);
    }

    private static ModelProto Model(string what)
    {
        ModelBuilder g = new("memory", floats: what.Contains("16", StringComparison.Ordinal) ? ElementType.Float16 : ElementType.Float);
        string x = g.Input("x", 1, Width);
        switch (what)
        {
            case "weights of 8 bits":
                string w8 = g.Initializer("w8", new TensorProto { DataType = (int)ElementType.Int8, Dims = { Width, Width }, RawData = ByteString.CopyFrom(new byte[Width * Width]) });
                g.Output("y", g.Node("MatMul", [x, g.Node("DequantizeLinear", [w8, g.Scalar(0.1f)])]), 1, Width);
                break;
            case "weights of 16 bits":
                g.Output("y", g.Node("MatMul", [x, g.Weight("w", Width, 1, Width, Width)]), 1, Width);
                break;
            default:
                string w = g.Weight("w", Width, 1, Width, Width), go = g.Input("go", ElementType.Bool);
                g.Output("y", g.Node("If", [go], Attributes.Body("then_branch", Branch("then", x, w)), Attributes.Body("else_branch", Branch("else", w, x))), 1, Width);
                break;
        }
        return g.ToModel();
    }

    private static ModelBuilder Branch(string name, string x, string w)
    {
        ModelBuilder body = new(name);
        body.Output(name + "_y", body.Node("MatMul", name == "then" ? [x, w] : [w, x]), 1, Width);
        return body;
    }
}
