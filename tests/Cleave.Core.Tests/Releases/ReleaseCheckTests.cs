using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Releases;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Core.Tests.Releases;

public sealed class ReleaseCheckTests
{
    private const string Version = "1.30.0";

    private static OnnxModel Read(ModelProto model) => ModelReader.Read(ByteSource.FromBytes(model.ToByteArray()), default);

    private static ModelProto Using(string op, long opset, string domain = "") => Make.Model(new GraphProto
    {
        Name = "g",
        Input = { Make.Value("x", 4) },
        Output = { Make.Value("y", 4) },
        Node = { new NodeProto { Name = "n", OpType = op, Domain = domain, Input = { "x" }, Output = { "y" } } },
    }, opset: opset);

    private static string[] Found(ModelProto model, string version = Version) =>
        [.. ReleaseCheck.Of(Read(model), version).Select(p => p.Rule.Id + ": " + p.Message("m.onnx"))];

    private static string Single(ModelProto model, string version = Version) => Assert.Single(Found(model, version));

    [Theory]
    [InlineData("Relu", 17)]
    [InlineData("Upsample", 9)]
    [InlineData("Scatter", 10)]
    [InlineData("Gelu", 20)]
    [InlineData("SimplifiedLayerNormalization", 17)]
    [InlineData("Relu", 7)]
    public void What_the_release_has_is_fine(string op, long opset) => Assert.Empty(Found(Using(op, opset)));

    [Fact]
    public void A_newer_operator_set()
    {
        string found = Single(Using("Relu", 27));
        Assert.StartsWith("CLV1018: The model 'm.onnx' uses version 27 of the operator set ai.onnx, but ONNX Runtime 1.30.0, which the project resolves, has it up to version 26.", found, StringComparison.Ordinal);
        Assert.EndsWith("No release up to " + ReleaseTable.Releases[^1].Number + " does: export the model with version 26 or lower.", found, StringComparison.Ordinal);
    }

    [Fact]
    public void A_newer_set_of_another_domain()
    {
        ModelProto model = Using("Relu", 17);
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "ai.onnx.ml", Version = 6 });
        Assert.StartsWith("CLV1018: The model 'm.onnx' uses version 6 of the operator set ai.onnx.ml", Single(model), StringComparison.Ordinal);
    }

    [Fact]
    public void A_newer_file_format()
    {
        ModelProto model = Using("Relu", 17);
        model.IrVersion = 14;
        Assert.StartsWith("CLV1019: The model 'm.onnx' has the IR version 14, but ONNX Runtime 1.30.0, which the project resolves, reads it up to version 13.", Single(model), StringComparison.Ordinal);
    }

    [Fact]
    public void An_operator_that_comes_later() =>
        Assert.Equal("CLV1020: The model 'm.onnx' uses the operator Gelu (node 'n'), which version 17 of the operator set ai.onnx does not have: it comes with version 20. Export the model with that version or a later one.", Single(Using("Gelu", 17)));

    [Fact]
    public void An_operator_that_no_version_has() =>
        Assert.Equal("CLV1020: The model 'm.onnx' uses the operator Sotfmax (node 'n'), which version 17 of the operator set ai.onnx does not have: no version known to Cleave has it; did the exporter mean Softmax?. Name the domain it belongs to, or export the model again.", Single(Using("Sotfmax", 17)));

    [Fact]
    public void An_operator_that_is_deprecated() =>
        Assert.StartsWith("CLV1021: The model 'm.onnx' uses the operator Upsample (node 'n'), which is deprecated since version 10 of the operator set ai.onnx; the model uses version 17,", Single(Using("Upsample", 17)), StringComparison.Ordinal);

    [Fact]
    public void Operators_of_other_domains_are_the_applications_business()
    {
        ModelProto model = Using("Anything", 17, "my.domain");
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "my.domain", Version = 1000 });
        Assert.Empty(Found(model));
    }

    [Fact]
    public void Operators_in_bodies_and_functions_are_seen_and_reported_once()
    {
        ModelProto model = Using("Relu", 17);
        GraphProto body = new() { Name = "b", Node = { Using("Gelu", 17).Graph.Node[0], Using("Gelu", 17).Graph.Node[0] } };
        body.Node[0].Output[0] = "a";
        body.Node[1].Output[0] = "b";
        body.Output.Add(Make.Value("b", 4));
        model.Graph.Node.Add(Make.Node("If", ["x"], ["z"], Make.Body("then_branch", body)));
        model.Functions.Add(new FunctionProto
        {
            Name = "Mine",
            Domain = "my",
            Input = { "a" },
            Output = { "b" },
            OpsetImport = { new OperatorSetIdProto { Version = 9 } },
            Node = { new NodeProto { OpType = "Selu", Input = { "a" }, Output = { "c" } }, new NodeProto { OpType = "Einsum", Input = { "c" }, Output = { "b" } } },
        });
        Assert.Equal(["Gelu", "Einsum"], ReleaseCheck.Of(Read(model), Version).Select(p => p.Arguments[0]));
    }

    [Fact]
    public void A_function_of_the_model_may_have_any_name()
    {
        ModelProto model = Using("Mine", 17);
        model.Functions.Add(new FunctionProto { Name = "Mine", Input = { "a" }, Output = { "b" }, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Node = { Make.Node("Relu", ["a"], ["b"]) } });
        Assert.Empty(Found(model));
    }

    [Theory]
    [InlineData("9.99.0")]
    [InlineData("nonsense")]
    [InlineData("")]
    public void A_release_without_a_table_finds_nothing(string version) => Assert.Empty(Found(Using("Sotfmax", 99), version));

    [Theory]
    [InlineData("1.29.0-assembled.1")]
    [InlineData("1.30.0")]
    [InlineData("1.31.1+build")]
    public void A_packages_version_names_its_release(string version) =>
        Assert.Equal(version[..4], OnnxRuntimeRelease.Of(version)!.Number);

    [Fact]
    public void Releases_only_grow()
    {
        foreach ((OnnxRuntimeRelease older, OnnxRuntimeRelease newer) in ReleaseTable.Releases.Zip(ReleaseTable.Releases.Skip(1)))
        {
            Assert.True(newer.Major > older.Major || newer.Minor > older.Minor);
            Assert.True(newer.IrVersion >= older.IrVersion);
            Assert.All(older.Opsets, set => Assert.True(newer.Highest(set.Domain) >= set.Version));
        }
    }

    /// <summary>Each operator at its first version, at the one before, and where it is gone: as ONNX Runtime itself says.</summary>
    [Fact]
    public void The_table_says_what_this_ONNX_Runtime_does()
    {
        OnnxRuntimeRelease? here = OnnxRuntimeRelease.Of(OrtEnv.Instance().GetVersionString());
        Assert.NotNull(here);
        using SessionOptions options = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        List<string> wrong = [];
        foreach (StandardOperator op in StandardOperator.Names("").Select(n => StandardOperator.Find("", n)!))
        {
            foreach (long version in new[] { op.First - 1, op.First, op.Removed ?? here.Highest("")!.Value, (op.Removed ?? 1) - 1 }.Where(v => v > 0))
            {
                ModelProto model = Using(op.Name, version);
                bool mine = ReleaseCheck.Of(Read(model), here.Number + ".0").Count == 0;
                if (mine == Refuses(model.ToByteArray(), options))
                    wrong.Add(op.Name + " " + version);
            }
        }
        Assert.Empty(wrong);
    }

    private static bool Refuses(byte[] model, SessionOptions options)
    {
        try
        {
            using InferenceSession session = new(model, options);
            return false;
        }
        catch (OnnxRuntimeException e)
        {
            // It also objects to the number of inputs and the like, of operators that it knows.
            return e.Message.Contains("No Op registered for", StringComparison.Ordinal) || e.Message.Contains("is not a registered", StringComparison.Ordinal)
                || e.Message.Contains("is deprecated", StringComparison.Ordinal);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Models.Shared), MemberType = typeof(Models))]
    public void No_false_alarm(string name)
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        using ByteSource source = ByteSource.OpenFile(SharedModels.PathOf(name));
        OnnxModel model = ModelReader.Read(source, default);
        foreach (OnnxRuntimeRelease release in ReleaseTable.Releases)
            Assert.Empty(ReleaseCheck.Of(model, release.Number + ".0"));
    }
}
