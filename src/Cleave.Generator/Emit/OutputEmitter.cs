using Cleave.Generator.Model;

namespace Cleave.Generator.Emit;

/// <summary>Writes the class that holds what one run gives.</summary>
internal static class OutputEmitter
{
    public static void Write(SourceWriter code, RunnerSpec spec)
    {
        code.Doc($"<summary>What one run of <see cref=\"{spec.Runner}\"/> gives. Its buffers go back to the pool when it is disposed; it may outlive the runner.</summary>");
        code.Line(GeneratedCode.Attribute);
        using (code.Open($"{spec.Access} sealed partial class {spec.Output} : global::System.IDisposable"))
        {
            code.Line("private readonly global::Cleave.Generated.OutputBuffers _buffers;");
            for (int i = 0; i < spec.Outputs.Count; i++)
                code.Line($"private readonly global::Cleave.OutputTensor<{spec.Outputs[i].Element}> _tensor{i};");
            code.Line();
            code.Doc("<summary>An output made from arrays, for tests of code that uses the runner. Like others it cannot be read once it is disposed.</summary>");
            code.Line($"public {spec.Output}() => _buffers = global::Cleave.Generated.OutputBuffers.Made(nameof({spec.Output}));");
            code.Line();
            using (code.Open($"internal {spec.Output}(global::Cleave.Generated.OutputBuffers buffers)"))
            {
                code.Line("_buffers = buffers;");
                for (int i = 0; i < spec.Outputs.Count; i++)
                    code.Line($"_tensor{i} = buffers.Tensor<{spec.Outputs[i].Element}>({i});");
            }
            for (int i = 0; i < spec.Outputs.Count; i++)
            {
                TensorSpec output = spec.Outputs[i];
                code.Line();
                code.Doc(DocText.Summary(output));
                if (DocText.Remarks(output.Description) is { Length: > 0 } remarks)
                    code.Doc(remarks);
                code.Line($"public global::Cleave.OutputTensor<{output.Element}> {output.Property} {{ get => _tensor{i}; init => _tensor{i} = _buffers.Given(value); }}");
            }
            code.Line();
            code.Doc("<summary>Gives the buffers back. The tensors cannot be read afterwards.</summary>");
            code.Line("public void Dispose() => _buffers.Dispose();");
        }
    }
}
