using System;
using System.Collections.Generic;

namespace Cleave.Core.Cost;

/// <summary>
/// A kind of computation that takes time as its sizes say: what a device table holds points of. Several operators can share
/// one (MatMul and Gemm by constant weights), and one operator can need several (Conv, by the layout that ONNX Runtime chooses).
/// </summary>
/// <param name="Name">As it stands in device tables.</param>
/// <param name="Sizes">What its sizes are, in this order.</param>
/// <param name="Amount">What the time is proportional to, roughly: multiplications and additions, or elements.</param>
internal sealed record Kernel(string Name, string[] Sizes, Func<double[], double> Amount)
{
    /// <summary>All of them, in the order in which tables are written.</summary>
    public static IReadOnlyList<Kernel> All { get; } =
    [
        // Convolutions: channels of one group, output pixels (of all samples), elements of the kernel's window.
        Product("conv1", "in", "out", "pixels"),
        Product("conv", "in", "out", "pixels", "taps"),
        Product("conv-first", "in", "out", "pixels", "taps"),
        Windowed("conv-depthwise", "channels", "pixels", "taps", "stride"),
        Product("conv-plain", "in", "out", "pixels", "taps", "groups"),
        Product("conv-transpose", "in", "out", "pixels", "taps"),
        Product("conv-quantized", "in", "out", "pixels", "taps"),
        Windowed("conv-depthwise-quantized", "channels", "pixels", "taps", "stride"),
        // Matrices.
        Product("gemm", "m", "k", "n"),
        Product("matmul", "m", "k", "n"),
        Product("gemm-quantized", "m", "k", "n"),
        // A chain of products by so many bytes of weights: how much longer they take to come from further away.
        Product("weights", "rows", "bytes"),
        Recurrent("lstm"),
        Recurrent("gru"),
        // By rows.
        Rows("softmax", "rows", "columns"),
        Rows("layer-norm", "rows", "columns"),
        Rows("skip-layer-norm", "rows", "columns"),
        Rows("instance-norm", "rows", "columns"),
        Rows("reduce-last", "rows", "columns"),
        Rows("reduce-outer", "rows", "columns"),
        Rows("arg-max", "rows", "columns"),
        // Over windows; in the blocked layout and not.
        Windowed("pool", "channels", "pixels", "taps", "stride"),
        Windowed("pool-plain", "channels", "pixels", "taps", "stride"),
        Rows("global-pool", "channels", "pixels"),
        Rows("lrn", "pixels", "channels"),
        // Copies: elements, and how many of them lie together.
        Runs("transpose"),
        Runs("copy"),
        Runs("concat"),
        Runs("gather"),
        Runs("resize-nearest"),
        Runs("resize-linear"),
        Rows("reorder-in", "channels", "pixels"),
        Rows("reorder-out", "channels", "pixels"),
        // Two operands: elements, and how many of them lie together before the smaller operand starts again.
        Runs("binary"),
        Runs("binary-scalar"),
        Runs("divide"),
        .. Array.ConvertAll(Elementwise, Elements),
        Elements("node"),
        // What a node takes more among so many nodes of other kinds than in a short chain of its own kind.
        new("crowd", ["nodes"], static _ => 1),
    ];

    // After All, which it is made from.
    private static readonly Dictionary<string, Kernel> ByName = Index();

    /// <summary>The kernel of a name; null where there is none.</summary>
    public static Kernel? Find(string name) => ByName.TryGetValue(name, out Kernel? kernel) ? kernel : null;

    private static string[] Elementwise =>
    [
        "relu", "clip", "leaky-relu", "hard-sigmoid", "hard-swish", "sigmoid", "tanh", "erf", "exp", "log", "sqrt", "reciprocal",
        "pow", "gelu", "bias-gelu", "fast-gelu", "elu", "softplus", "prelu", "compare", "where", "cast", "cast-half",
        "quantize", "dequantize", "dynamic-quantize", "binary-quantized", "unary-quantized",
    ];

    private static Kernel Product(string name, params string[] sizes) => new(name, sizes, Multiply);

    private static Kernel Rows(string name, params string[] sizes) => new(name, sizes, Multiply);

    private static Kernel Windowed(string name, params string[] sizes) => new(name, sizes, static s => s[0] * s[1] * s[2]);

    private static Kernel Runs(string name) => new(name, ["elements", "run"], static s => s[0]);

    private static Kernel Elements(string name) => new(name, ["elements"], static s => s[0]);

    private static Kernel Recurrent(string name) =>
        new(name, ["steps", "batch", "in", "hidden"], static s => s[0] * s[1] * s[3] * (s[2] + s[3]));

    private static double Multiply(double[] sizes)
    {
        double product = 1;
        foreach (double size in sizes)
            product *= size;
        return product;
    }

    private static Dictionary<string, Kernel> Index()
    {
        Dictionary<string, Kernel> index = new(StringComparer.Ordinal);
        foreach (Kernel kernel in All)
            index.Add(kernel.Name, kernel);
        return index;
    }
}
