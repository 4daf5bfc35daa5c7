using Cleave.Core.Graph;
using Cleave.OnnxProto;

namespace Cleave.TestKit.Synthetic;

/// <summary>Models with a body in the middle that reads values and weights from outside.</summary>
internal static class ControlFlow
{
    private const int Width = 64;

    /// <summary>Which branch runs depends on the mean of an inner value, so on all samples together.</summary>
    public static ModelProto If()
    {
        ModelBuilder g = new("if_inside");
        string x = g.Input("x", "batch", Width);
        string inner = g.GemmRelu(x, "before", Width, Width);
        string mean = g.Node("ReduceMean", [inner], Attributes.Int("keepdims", 0));
        string condition = g.Node("Greater", [mean, g.Scalar(0.3f)]);
        string outside = g.Weight("shared.weight", Width, 1, Width, Width);

        ModelBuilder then = new("then_branch");
        using (then.In("then_branch"))
        {
            string wide = then.Node("Tanh", [then.Gemm(inner, "gemm", Width, Width, gain: 4)]);
            then.Output("then_result", then.Node("Add", [wide, x]), "batch", Width);
        }
        ModelBuilder other = new("else_branch");
        using (other.In("else_branch"))
            other.Output("else_result", other.Node("Sub", [other.Node("MatMul", [inner, outside]), x]), "batch", Width);

        string chosen = g.Node("If", [condition], Attributes.Body("then_branch", then), Attributes.Body("else_branch", other));
        string also = g.Node("MatMul", [inner, outside]);
        g.Output("y", g.Gemm(g.Node("Add", [chosen, also]), "after", Width, Width), "batch", Width);
        return g.ToModel();
    }

    /// <summary>So many rounds as the caller says; the last state and the trace of all.</summary>
    public static ModelProto Loop()
    {
        ModelBuilder g = new("loop_inside");
        string x = g.Input("x", "batch", Width);
        string rounds = g.Input("rounds", ElementType.Int64);
        string start = g.GemmRelu(x, "before", Width, Width);
        string weight = g.Weight("recurrent.weight", Width, 2, Width, Width);
        string go = g.Constant(Tensors.Of(ElementType.Bool, [], true));

        ModelBuilder body = new("body");
        body.Input("round", ElementType.Int64);
        string going = body.Input("going", ElementType.Bool);
        string state = body.Input("state", "batch", Width);
        using (body.In("body"))
        {
            string next = body.Node("Tanh", [body.Node("Add", [body.Node("MatMul", [state, weight]), x])]);
            body.Output("go_on", body.Node("Identity", [going]), ElementType.Bool);
            body.Output("next_state", next, "batch", Width);
            body.Output("trace_row", body.Node("Mul", [next, next]), "batch", Width);
        }

        string[] results = g.Nodes("Loop", 2, [rounds, go, start], Attributes.Body("body", body));
        string mean = g.Node("ReduceMean", [results[1]], Attributes.Ints("axes", 0), Attributes.Int("keepdims", 0));
        string joined = g.Node("Concat", [results[0], mean], Attributes.Int("axis", 1));
        g.Output("y", g.Gemm(joined, "after", 2 * Width, Width), "batch", Width);
        g.Output("trace", results[1], "rounds", "batch", Width);
        return g.ToModel();
    }
}
