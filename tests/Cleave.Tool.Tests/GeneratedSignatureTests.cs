using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Generator.Emit;
using Cleave.Generator.Model;
using Cleave.TestKit;
using Cleave.Tool.Inspection;
using Xunit;

namespace Cleave.Tool.Tests;

/// <summary>The signature that inspect shows is that of the code which the generator writes.</summary>
public sealed partial class GeneratedSignatureTests
{
    [Fact]
    public void Agrees_with_the_generated_code_for_every_kind_of_input()
    {
        using TinyModel tiny = new();
        var graph = tiny.Model.Graph;
        graph.Input.Add(TinyModel.Value("class", 7));
        graph.Input.Add(TinyModel.Value("half", 10, "batch", null));
        graph.Input.Add(TinyModel.Value("free", TinyModel.Float));
        graph.Input[^1].Type.TensorType.Shape = null;
        graph.Output.Add(TinyModel.Value("y2", 8, "other"));
        graph.Node.Add(TinyModel.Node("Identity", ["x"], "y2"));

        GeneratedReport report = AssertAgrees(tiny.Save());

        Assert.Contains("    required long Class", report.Signature);
        Assert.Contains("    required ReadOnlyMemory<Half> Half", report.Signature);
        Assert.Contains("    required int[] FreeShape", report.Signature);
        Assert.Contains("    OutputTensor<string> Y2", report.Signature);
    }

    [SkippableFact]
    public void Agrees_with_the_generated_code_for_real_models()
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        foreach (string model in SharedModels.All)
            AssertAgrees(SharedModels.PathOf(model));
    }

    private static GeneratedReport AssertAgrees(string path)
    {
        ModelListing listing = ModelFile.List(path, default);
        List<Problem> problems = [];
        RunnerSpec? spec = SpecBuilder.Build(listing, Path.GetFileName(path), "MyApp", problems);
        Assert.True(spec is not null, string.Join(Environment.NewLine, problems.Select(p => p.Message(path))));
        string code = Prefix().Replace(string.Concat(RunnerEmitter.Emit(spec).Select(f => f.Text.ToString())), "");
        GeneratedReport report = GeneratedSignature.Of(spec);

        string type = "";
        foreach (string line in report.Signature)
        {
            if (line.StartsWith("class ", StringComparison.Ordinal))
            {
                type = line["class ".Length..].Split('(', ' ')[0];
                Assert.Contains($"sealed partial class {type}", code);
                if (line.Contains('('))
                    Assert.Contains("public " + line["class ".Length..], code);
            }
            else if (line.Contains("CreateCall("))
            {
                Assert.Contains("public " + line.Trim(), code);
            }
            else if (type == report.Input)
            {
                Assert.Contains($"public {line.Trim()} {{ get; set; }}", code);
            }
            else if (type == report.Output)
            {
                Assert.Matches($@"public {Regex.Escape(line.Trim())} \{{ get => _tensor\d+; init => ", code);
            }
        }
        return report;
    }

    [GeneratedRegex(@"global::(\w+\.)*")]
    private static partial Regex Prefix();
}
