using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Fourier transforms and what belongs to them.</summary>
internal static class Signals
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        new("", "BlackmanWindow", Coverage.Exact, Window),
        new("", "HammingWindow", Coverage.Exact, Window),
        new("", "HannWindow", Coverage.Exact, Window),
        new("", "MelWeightMatrix", Coverage.Exact, MelWeightMatrix),
        new("", "DFT", Coverage.Exact, Dft),
        new("", "STFT", Coverage.Exact, Stft),
    ];

    private static void Window(NodeContext node) => node.Set(0, node.Element("output_datatype", ElementType.Float), [node.OrUnknown(node.Number(0))]);

    private static void MelWeightMatrix(NodeContext node) =>
        node.Set(0, node.Element("output_datatype", ElementType.Float), [node.OrUnknown(Half(node.Number(1))), node.OrUnknown(node.Number(0))]);

    private static void Dft(NodeContext node)
    {
        node.Set(0, node.Element(0), null);
        // The axis was an attribute at first, and counted the batch.
        long? given = node.Opset < 20 ? node.Int("axis", 1) : node.HasInput(2) ? node.Number(2)?.Value : -2;
        bool oneSided = node.Int("onesided", 0) != 0;
        if (node.Shape(0) is not { Length: >= 2 } input || (oneSided && node.Int("inverse", 0) != 0))
            return;
        Dim[] shape = (Dim[])input.Clone();
        shape[shape.Length - 1] = Dim.Of(2);
        if (given is null)
        {
            shape = [.. node.Unknowns(shape.Length - 1), shape[shape.Length - 1]];
        }
        else
        {
            if (NodeContext.Axis(given.Value, shape.Length) is not { } axis || axis == shape.Length - 1)
                return;
            Dim? length = node.HasInput(1) ? node.Number(1) : input[axis];
            shape[axis] = node.OrUnknown(oneSided ? Half(length) : length);
        }
        node.Set(0, node.Element(0), shape);
    }

    private static void Stft(NodeContext node)
    {
        node.Set(0, node.Element(0), null);
        if (node.Shape(0) is not { Length: 3 } signal)
            return;
        Dim? length = node.HasInput(3) ? node.Number(3) : node.Shape(2) is { Length: 1 } window ? window[0] : null;
        Dim? frames = length is not null && node.Number(1) is { Value: > 0 } step && signal[1] - length is { } room && Dim.FloorDivide(room, step) is { } steps
            ? steps + Dim.One
            : null;
        Dim? bins = node.Int("onesided", 1) != 0 ? Half(length) : length;
        node.Set(0, node.Element(0), [signal[0], node.OrUnknown(frames), node.OrUnknown(bins), Dim.Of(2)]);
    }

    // The frequencies of real values that are not each other's mirror.
    private static Dim? Half(Dim? length) => length is not null && Dim.FloorDivide(length, Dim.Of(2)) is { } half ? half + Dim.One : null;
}
