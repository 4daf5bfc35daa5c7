using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>RNN, GRU, LSTM: a sequence of steps, of each the hidden state.</summary>
internal static class Recurrent
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        new("", "RNN", Coverage.Exact, n => Infer(n, 1)),
        new("", "GRU", Coverage.Exact, n => Infer(n, 1)),
        new("", "LSTM", Coverage.Exact, n => Infer(n, 2)),
        new(Domains.Microsoft, "DynamicQuantizeLSTM", Coverage.Exact, n => Infer(n, 2)),
    ];

    private static void Infer(NodeContext node, int states)
    {
        Dim[]? input = node.Shape(0);
        ElementType element = node.Element(0);
        bool known = input is null or { Length: 3 };
        bool batchFirst = node.Int("layout", 0) != 0;
        Dim steps = input is { Length: 3 } ? input[batchFirst ? 1 : 0] : node.Unknown();
        Dim batch = input is { Length: 3 } ? input[batchFirst ? 0 : 1] : node.Unknown();
        Dim directions = Dim.Of(node.Text("direction", "forward") == "bidirectional" ? 2 : 1);
        Dim hidden = node.Int("hidden_size", 0) is > 0 and var size ? Dim.Of(size)
            : node.Node.Domain.Length == 0 && node.Shape(2) is { Length: 3 } recurrence ? recurrence[2]
            : node.Unknown();
        node.Set(0, element, !known ? null : batchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden]);
        for (int i = 1; i <= states; i++)
            node.Set(i, element, !known ? null : batchFirst ? [batch, directions, hidden] : [directions, batch, hidden]);
    }
}
