using System;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Batch;

/// <summary>Operators on the elements that stand at the same place.</summary>
internal static class BatchElements
{
    /// <summary>Of one tensor; other inputs are parameters.</summary>
    public static readonly string[] Single =
    [
        "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "BitwiseNot", "Cast", "CastLike", "Ceil", "Celu", "Clip", "Cos", "Cosh",
        "DequantizeLinear", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity", "IsInf", "IsNaN", "LeakyRelu",
        "Log", "Mish", "Neg", "Not", "QuantizeLinear", "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh",
        "Softplus", "Softsign", "Sqrt", "Swish", "Tan", "Tanh", "ThresholdedRelu",
    ];

    /// <summary>Of several tensors, broadcast.</summary>
    public static readonly string[] Several =
    [
        "Add", "And", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Div", "Equal", "Greater", "GreaterOrEqual", "Less",
        "LessOrEqual", "Max", "Mean", "Min", "Mod", "Mul", "Or", "Pow", "PRelu", "Sub", "Sum", "Where", "Xor",
    ];

    public static BatchState Each(BatchNode node, int output)
    {
        // The type of another value is no value.
        if (node.Node.OpType != "CastLike" && !node.OthersAreIndependent(1))
            return node.Mixed("takes a parameter that depends on the samples");
        for (int i = 1; i < node.InputCount; i++)
        {
            if (node.Has(i) && !IsForAll(node, i))
                return node.Mixed("takes a parameter that has a number for each sample, or an unknown shape");
        }
        return node.In(0).Kind == BatchKind.Sizes ? node.UsesSize() : node.In(0);
    }

    // Biases are broadcast. A scale and an offset are one number, or one for each place along an axis, or, of blocks, of the tensor's rank. Others are one number.
    private static bool IsForAll(BatchNode node, int parameter)
    {
        bool isScale = node.Node.OpType is "QuantizeLinear" or "DequantizeLinear";
        if (!(isScale || node.Node.OpType is "BiasGelu" or "FastGelu") || !node.In(0).IsPerSample)
            return true;
        if (node.Shape(0) is not { } of || node.Shape(parameter) is not { } shape)
            return false;
        int batch = node.In(0).Axis;
        return isScale && shape.Length == 1
            ? shape[0].Value == 1 || (NodeContext.Axis(node.Int("axis", 1), of.Length) is { } axis && axis != batch)
            : IsOne(shape, of.Length - batch);
    }

    public static BatchState Dropout(BatchNode node, int output)
    {
        return MayTrain(node) ? node.Mixed("may be training, and drops by chance") : Each(node, output);
    }

    /// <summary>Whether a Dropout is not known to let everything through.</summary>
    public static bool MayTrain(BatchNode node) =>
        IsSaidToTrain(node.Node) || (node.Has(2) && !(node.Numbers(2) is { Length: 1 } training && training[0] == 0));

    /// <summary>Whether the attribute of operator sets before 7 says that it is no test.</summary>
    public static bool IsSaidToTrain(Node dropout) => dropout.Int("is_test", 1) == 0;

    public static BatchState Joined(BatchNode node, int output)
    {
        int[] all = new int[node.InputCount];
        for (int i = 0; i < all.Length; i++)
            all[i] = i;
        // Before operator set 7 axes were matched by an attribute.
        return node.Opset < 7 && node.Node.Attribute("axis") != null ? node.Mixed("matches axes in an old way that is not followed") : Join(node, all);
    }

    /// <summary>The state of what is broadcast from the given inputs; the others are parameters.</summary>
    public static BatchState Join(BatchNode node, params int[] inputs)
    {
        // Axes of tensors that are broadcast meet at the right end.
        int fromRight = 0, rank = 0;
        Dim? inner = null;
        for (int i = 0; i < node.InputCount; i++)
        {
            BatchState state = node.In(i);
            bool isJoined = Array.IndexOf(inputs, i) >= 0;
            if (state.Kind == BatchKind.Sizes)
                return node.UsesSize();
            if (isJoined && node.Has(i))
                rank = Math.Max(rank, node.Shape(i)?.Length ?? int.MaxValue);
            if (!state.IsPerSample)
                continue;
            if (!isJoined)
                return node.Mixed("takes a parameter that depends on the samples");
            int place = node.Shape(i)!.Length - state.Axis;
            if (inner is not null && (place != fromRight || !inner.Equals(state.Inner)))
                return node.Mixed("mixes samples: it sets the batch against another axis");
            (fromRight, inner) = (place, state.Inner);
        }
        if (inner is null || rank == int.MaxValue)
            return node.Mixed("joins tensors of unknown rank");
        foreach (int i in inputs)
        {
            if (node.Has(i) && !node.In(i).IsPerSample && !IsOne(node.Shape(i)!, fromRight))
                return node.Mixed("sets the batch against an axis of a constant");
        }
        return BatchState.PerSample(rank - fromRight, inner);
    }

    /// <summary>Whether a tensor has one element along an axis counted from the right, or lacks the axis.</summary>
    public static bool IsOne(Dim[] shape, int fromRight) => fromRight > shape.Length || shape[shape.Length - fromRight].Value == 1;
}
