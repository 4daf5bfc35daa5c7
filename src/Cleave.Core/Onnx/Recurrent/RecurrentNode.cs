using System;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Slicing;

namespace Cleave.Core.Onnx.Recurrent;

/// <summary>What an LSTM, GRU or RNN node reads and writes, by its place in ONNX's definition.</summary>
internal static class RecurrentNode
{
    public const int X = 0;
    public const int Weights = 1;
    public const int Recurrent = 2;
    public const int Biases = 3;
    public const int SequenceLengths = 4;
    public const int InitialH = 5;
    public const int InitialC = 6;
    public const int Peepholes = 7;
    public const int Y = 0;
    public const int LastH = 1;
    public const int LastC = 2;

    /// <summary>Whether the node can be taken apart: steps lie on axis 0, all samples have all of them, and weights are read as inputs.</summary>
    public static bool CanBeSplit(Node node) =>
        node is { Domain: "", OpType: "LSTM" or "GRU" or "RNN" } && node.Inputs.Length >= 3 && Input(node, SequenceLengths).Length == 0
        && Integer(node, "layout") is null or 0 && (Direction(node) != "bidirectional" || !HasParameters(node)) && Array.TrueForAll(node.Attributes, a => a.Reference is null && NodeWriter.CanWrite(a));

    public static string Direction(Node node) => node.Attribute("direction")?.Strings is [var text] ? text.Text ?? "" : "forward";

    /// <summary>Null where the node does not say it.</summary>
    public static long? HiddenSize(Node node) => Integer(node, "hidden_size");

    public static bool HasCell(Node node) => node.OpType == "LSTM";

    public static string Input(Node node, int index) => index < node.Inputs.Length ? node.Inputs[index] : "";

    public static string Output(Node node, int index) => index < node.Outputs.Length ? node.Outputs[index] : "";

    // Which parameter belongs to which direction depends on the functions: not all have some.
    private static bool HasParameters(Node node) => (node.Attribute("activation_alpha") ?? node.Attribute("activation_beta")) != null;

    private static long? Integer(Node node, string name) => node.Attribute(name)?.Ints is [var value] ? value : null;
}
