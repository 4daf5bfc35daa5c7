using Cleave.Generator.Model;

namespace Cleave.Generator.Emit;

/// <summary>Writes the class that runs the model over buffers bound once.</summary>
internal static class CallEmitter
{
    public static void Write(SourceWriter code, RunnerSpec spec)
    {
        code.Doc($"<summary>Buffers of <see cref=\"{spec.Runner}\"/>, bound once: fill the inputs, call <c>Run()</c>, read the outputs. For one thread at a time.</summary>");
        code.Line(GeneratedCode.Attribute);
        using (code.Open($"{spec.Access} sealed partial class {spec.Call} : global::Cleave.Generated.ModelCall"))
        {
            code.Line($"internal {spec.Call}(global::Cleave.Generated.CallBuffers buffers)");
            code.Indent();
            code.Line(": base(buffers)");
            code.Unindent();
            code.Line("{");
            code.Line("}");
            for (int i = 0; i < spec.Inputs.Count; i++)
            {
                TensorSpec input = spec.Inputs[i];
                code.Line();
                code.Doc(DocText.Summary(input));
                // "base", because a model's input may well be called "input".
                code.Line(input.IsScalar
                    ? $"public ref {input.Element} {input.Property} => ref base.Scalar<{input.Element}>({i});"
                    : $"public global::System.Span<{input.Element}> {input.Property} => base.Input<{input.Element}>({i});");
            }
            for (int i = 0; i < spec.Outputs.Count; i++)
            {
                TensorSpec output = spec.Outputs[i];
                code.Line();
                code.Doc(DocText.Summary(output));
                code.Line($"public global::Cleave.OutputTensor<{output.Element}> {output.Property} => base.Output<{output.Element}>({i});");
            }
        }
    }
}
