using System.Collections.Generic;
using System.Linq;
using Cleave.Generator.Model;

namespace Cleave.Tool.Inspection;

/// <summary>The generated classes' members, shortened: every name and type is the generator's own.</summary>
internal static class GeneratedSignature
{
    public static GeneratedReport Of(RunnerSpec spec) =>
        new(spec.Namespace, spec.Runner, spec.Input, spec.Output, spec.Call, [.. Lines(spec)]);

    private static IEnumerable<string> Lines(RunnerSpec spec)
    {
        string dimensions = string.Join(", ", spec.Symbols.Select(s => "int " + s.Parameter)
            .Concat(spec.Inputs.Where(i => !i.RankIsKnown).Select(i => "int[] " + i.ShapeParameter)));
        yield return $"class {spec.Runner}(RunnerOptions? options = null)";
        yield return $"    {spec.Output} Run({spec.Input} input, CancellationToken cancellationToken = default)";
        yield return $"    Task<{spec.Output}> RunAsync({spec.Input} input, CancellationToken cancellationToken = default)";
        yield return $"    {spec.Output}[] RunMany(IReadOnlyList<{spec.Input}> inputs, CancellationToken cancellationToken = default)";
        yield return $"    Task<{spec.Output}[]> RunManyAsync(IReadOnlyList<{spec.Input}> inputs, CancellationToken cancellationToken = default)";
        yield return $"    {spec.Call} CreateCall({dimensions})";

        string constructor = string.Join(", ", spec.Symbols.Select(s => "int " + s.Parameter));
        yield return "class " + spec.Input + (constructor.Length > 0 ? $"({constructor})" : "");
        foreach (TensorSpec input in spec.Inputs)
        {
            string element = Short(input.Element);
            yield return $"    required {(input.IsScalar ? element : $"ReadOnlyMemory<{element}>")} {input.Property}";
            if (!input.RankIsKnown)
                yield return $"    required int[] {input.ShapeProperty}";
        }

        yield return $"class {spec.Output} : IDisposable";
        foreach (TensorSpec output in spec.Outputs)
            yield return $"    OutputTensor<{Short(output.Element)}> {output.Property}";
    }

    // global::System.Half is Half to a reader.
    private static string Short(string type) => type[(type.LastIndexOfAny(['.', ':']) + 1)..];
}
