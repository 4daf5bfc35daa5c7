using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests.Rewriting;

/// <summary>What a widened model gives is compared with 32 bits, also where the published one is infinite.</summary>
public sealed class WidenedValueTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Where_the_published_file_is_infinite_the_right_value_is_accepted() => Assert.Empty(Failures(Wide("Abs", 0), 2000, 2));

    /// <summary>The published file is infinite at the first element of the first case only.</summary>
    [Fact]
    public void A_wrong_value_is_refused_although_the_published_file_is_infinite_elsewhere() =>
        Assert.Equal("y", Assert.Single(Failures(Wide("Neg", 0), 2000, 2)).Output);

    /// <summary>Of thousands it is less than a thousandth.</summary>
    [Fact]
    public void An_integer_that_is_off_by_one_is_refused() => Assert.Equal("n", Assert.Single(Failures(Wide("Abs", 1), 2000)).Output);

    private List<Failure> Failures(string wide, params float[] firsts)
    {
        using ModelUnderTest published = new(Published()), widened = new(wide);
        List<ReferenceCase> cases = [];
        using (References references = new(published, 1))
        {
            foreach (float first in firsts)
                cases.Add(references.Run(new InputCase("of " + first, new Dictionary<string, TensorCopy> { ["x"] = Halves(first, 1, -2, 3, 0.5f, 2, -1, 4) })));
        }
        Assert.True(OutputDifference.HasNonFinite(cases[0].Optimised["y"]));
        Assert.All(cases.Skip(1), static c => Assert.False(OutputDifference.HasNonFinite(c.Optimised["y"])));
        List<Failure> failures = [];
        new PrecisionCheck(published, 1, cases).Run(widened, failures);
        return failures;
    }

    private static TensorCopy Halves(params float[] values) =>
        new(ElementType.Float16, [2, 4], MemoryMarshal.AsBytes(values.Select(static v => (Half)v).ToArray().AsSpan()).ToArray());

    private string Published()
    {
        ModelProto model = Model();
        model.Graph.Initializer.Add([Int64("zero", 0), Int64("three", 3)]);
        NodeProto joined = Tests.TinyModel.Node("Concat", ["square", "square"], "joined");
        joined.Attribute.Add(new AttributeProto { Name = "axis", Type = AttributeProto.Types.AttributeType.Int, I = 0 });
        // Two that move elements in 16 bits: ONNX Runtime computes a single one in 32.
        model.Graph.Node.Add([Tests.TinyModel.Node("Mul", ["x", "x"], "square"), joined, Tests.TinyModel.Node("Slice", ["joined", "zero", "three", "zero"], "part"),
            Tests.TinyModel.Node("Sqrt", ["part"], "y"), ToInteger("n")]);
        return Save(model, "published.onnx");
    }

    // The same by a shorter way, or something else.
    private string Wide(string type, long more)
    {
        ModelProto model = Model();
        model.Graph.Initializer.Add([Int64("zero", 0), Int64("three", 3), Int64("more", more)]);
        NodeProto joined = Tests.TinyModel.Node("Concat", ["root", "root"], "joined");
        joined.Attribute.Add(new AttributeProto { Name = "axis", Type = AttributeProto.Types.AttributeType.Int, I = 0 });
        model.Graph.Node.Add([Tests.TinyModel.Node(type, ["x"], "root"), joined, Tests.TinyModel.Node("Slice", ["joined", "zero", "three", "zero"], "y"),
            ToInteger("whole"), Tests.TinyModel.Node("Add", ["whole", "more"], "n")]);
        return Save(model, "wide.onnx");
    }

    private static ModelProto Model()
    {
        ModelProto model = new() { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = new GraphProto { Name = "large" } };
        model.Graph.Input.Add(Tests.TinyModel.Value("x", (int)ElementType.Float16, 2, 4));
        model.Graph.Output.Add(Tests.TinyModel.Value("y", (int)ElementType.Float16, 3, 4));
        model.Graph.Output.Add(Tests.TinyModel.Value("n", (int)ElementType.Int64, 2, 4));
        return model;
    }

    private static NodeProto ToInteger(string output)
    {
        NodeProto node = Tests.TinyModel.Node("Cast", ["x"], output);
        node.Attribute.Add(new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = (int)ElementType.Int64 });
        return node;
    }

    private static TensorProto Int64(string name, long value) => new() { Name = name, DataType = (int)ElementType.Int64, Dims = { 1 }, Int64Data = { value } };

    private string Save(ModelProto model, string name)
    {
        string path = Path.Combine(_folder.Path, name);
        File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }
}
