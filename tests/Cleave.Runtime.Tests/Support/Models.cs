using Cleave.Core.Graph;
using Cleave.OnnxProto;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Support;

/// <summary>Small models, each with one peculiarity.</summary>
internal static class Models
{
    /// <summary>y = relu(relu(x * W1) * W2): four nodes, everything static.</summary>
    public static ModelProto Toy(int width = 16, int seed = 1) => Model(
        [Tensor("x", ElementType.Float, 1, width)],
        [Tensor("y", ElementType.Float, 1, width)],
        [
            Node("MatMul", ["x", "w1"], ["a"]), Node("Relu", ["a"], ["b"]),
            Node("MatMul", ["b", "w2"], ["c"]), Node("Relu", ["c"], ["y"]),
        ],
        [Floats("w1", [width, width], Random(width * width, seed)), Floats("w2", [width, width], Random(width * width, seed + 1))]);

    /// <summary>y = x * factor: the result tells which file it came from.</summary>
    public static ModelProto Times(float factor, int length = 4) => Model(
        [Tensor("x", ElementType.Float, length)], [Tensor("y", ElementType.Float, length)],
        [Node("Mul", ["x", "factor"], ["y"])], [Floats("factor", [], factor)]);

    /// <summary>The factor that a runner of <see cref="Times"/> has.</summary>
    public static float FactorOf(LooseRunner runner)
    {
        using LooseOutput output = runner.Run(static (ref b) => b.Copy<float>(0, new float[] { 1, 1, 1, 1 }));
        return output.Get<float>(0)[0];
    }

    /// <summary>As <see cref="Times"/>, the factor being an input as well, as exporters for IR 3 wrote it.</summary>
    public static ModelProto TimesOverridable(float factor, int ir)
    {
        ModelProto model = Times(factor);
        model.IrVersion = ir;
        model.Graph.Input.Add(Tensor("factor", ElementType.Float));
        return model;
    }

    /// <summary>embedding[batch, sequence] = input_ids + sr.</summary>
    public static ModelProto Bert() => Model(
        [Tensor("input_ids", ElementType.Int64, "batch", "sequence"), Tensor("sr", ElementType.Int64)],
        [Tensor("embedding", ElementType.Float, "batch", "sequence")],
        [Node("Add", ["input_ids", "sr"], ["sum"]), Node("Cast", ["sum"], ["embedding"], Int("to", 1))]);

    /// <summary>y = x for any element type and any length.</summary>
    public static ModelProto Identity(ElementType type) => Model(
        [Tensor("x", type, "n")], [Tensor("y", type, "n")], [Node("Identity", ["x"], ["y"])], ir: 9, opset: 19);

    /// <summary>y = abs(x) of any rank.</summary>
    public static ModelProto AnyShape() => Model(
        [TensorOfAnyShape("x", ElementType.Float)], [TensorOfAnyShape("y", ElementType.Float)], [Node("Abs", ["x"], ["y"])]);

    /// <summary>No input at all.</summary>
    public static ModelProto NoInputs() => Model(
        [], [Tensor("y", ElementType.Float, 2)], [Node("Neg", ["c"], ["y"])], [Floats("c", [2], 1, 2)]);

    /// <summary>Outputs that no node makes: the input itself, and a weight; and the same value under two names.</summary>
    public static ModelProto PassThrough() => Model(
        [Tensor("x", ElementType.Float, "n")],
        [Tensor("x", ElementType.Float, "n"), Tensor("c", ElementType.Float, 2), Tensor("y", ElementType.Float, "n"), Tensor("z", ElementType.Float, "n")],
        [Node("Neg", ["x"], ["y"]), Node("Identity", ["y"], ["z"])], [Floats("c", [2], 5, 6)]);

    /// <summary>y = go ? x : {5, 6}; z likewise by way of a Neg: the branches hand on what no node of theirs makes.</summary>
    public static ModelProto Branches()
    {
        GraphProto then = new() { Name = "then" }, other = new() { Name = "else" };
        then.Node.Add([Node("Identity", ["x"], ["t"]), Node("Neg", ["x"], ["tn"])]);
        then.Output.Add([Tensor("t", ElementType.Float, 2), Tensor("tn", ElementType.Float, 2)]);
        other.Initializer.Add(Floats("e", [2], 5, 6));
        other.Node.Add(Node("Neg", ["e"], ["en"]));
        other.Output.Add([Tensor("e", ElementType.Float, 2), Tensor("en", ElementType.Float, 2)]);
        return Model(
            [Tensor("go", ElementType.Bool), Tensor("x", ElementType.Float, 2)],
            [Tensor("y", ElementType.Float, 2), Tensor("z", ElementType.Float, 2)],
            [Node("If", ["go"], ["y", "z"], Graph("then_branch", then), Graph("else_branch", other))]);
    }

    /// <summary>where[1, declared] = positions of what is not zero: as many as there are, whatever is declared.</summary>
    public static ModelProto NonZero(object? declared) => Model(
        [Tensor("x", ElementType.Float, "n")],
        [Tensor("where", ElementType.Int64, 1, declared), Tensor("same", ElementType.Float, "n")],
        [Node("NonZero", ["x"], ["where"]), Node("Abs", ["x"], ["same"])]);

    /// <summary>y[n, 1] = -x, of which nothing is declared.</summary>
    public static ModelProto Reversed() => Model(
        [Tensor("x", ElementType.Float, "n")], [Tensor("y", ElementType.Float, null, null)],
        [Node("Neg", ["x"], ["minus"]), Node("Reshape", ["minus", "shape"], ["y"])], [Longs("shape", [2], -1, 1)]);

    /// <summary>y = -x in the shape that is an input, too. Fails where x has other elements than that shape.</summary>
    public static ModelProto ShapeGiven() => Model(
        [Tensor("x", ElementType.Float, "n"), Tensor("shape", ElementType.Int64, 2)], [Tensor("y", ElementType.Float, null, null)],
        [Node("Neg", ["x"], ["minus"]), Node("Reshape", ["minus", "shape"], ["y"])]);

    /// <summary>chosen[k, 3] = the boxes that stay: NonMaxSuppression.</summary>
    public static ModelProto Boxes() => Model(
        [Tensor("boxes", ElementType.Float, 1, "n", 4), Tensor("scores", ElementType.Float, 1, 1, "n")],
        [Tensor("chosen", ElementType.Int64, null, 3)],
        [Node("NonMaxSuppression", ["boxes", "scores", "most", "overlap"], ["chosen"])],
        [Longs("most", [1], 10), Floats("overlap", [1], 0.5f)]);

    /// <summary>y = table[index]: fails while it runs for an index outside of the four rows.</summary>
    public static ModelProto Lookup() => Model(
        [Tensor("index", ElementType.Int64, 1)], [Tensor("y", ElementType.Float, 1)],
        [Node("Gather", ["table", "index"], ["y"])], [Floats("table", [4], 10, 11, 12, 13)]);

    /// <summary>total = x added so many times: runs as long as one likes, and can be cancelled in between.</summary>
    public static ModelProto Loop()
    {
        GraphProto body = new() { Name = "body" };
        body.Input.Add([Tensor("i", ElementType.Int64), Tensor("go", ElementType.Bool), Tensor("sum", ElementType.Float)]);
        body.Node.Add([Node("Identity", ["go"], ["again"]), Node("Add", ["sum", "x"], ["next"])]);
        body.Output.Add([Tensor("again", ElementType.Bool), Tensor("next", ElementType.Float)]);
        return Model(
            [Tensor("times", ElementType.Int64), Tensor("x", ElementType.Float)],
            [Tensor("total", ElementType.Float)],
            [Node("Loop", ["times", "", "zero"], ["total"], Graph("body", body))],
            [Floats("zero", [], 0)]);
    }
}
