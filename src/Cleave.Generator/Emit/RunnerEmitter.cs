using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Generator.Model;
using Cleave.Generator.Pipeline;

namespace Cleave.Generator.Emit;

/// <summary>Writes a runner's code (docs/generated-code.md): a plain function of the spec.</summary>
internal static class RunnerEmitter
{
    public static IEnumerable<GeneratedFile> Emit(RunnerSpec spec)
    {
        SourceWriter surface = new();
        using (surface.Open("namespace " + spec.Namespace))
        {
            WriteRunner(surface, spec);
            surface.Line();
            InputEmitter.Write(surface, spec);
            surface.Line();
            OutputEmitter.Write(surface, spec);
            surface.Line();
            CallEmitter.Write(surface, spec);
        }
        SourceWriter plan = new();
        using (plan.Open("namespace " + spec.Namespace))
            PlanEmitter.Write(plan, spec);
        return [new GeneratedFile(".g.cs", surface.ToSourceText()), new GeneratedFile(".Plan.g.cs", plan.ToSourceText())];
    }

    private static void WriteRunner(SourceWriter code, RunnerSpec spec)
    {
        code.Doc("<summary>Runs the model " + DocText.Code(spec.Source) + ".</summary>");
        code.Doc(DocText.About(spec));
        code.Line(GeneratedCode.Attribute);
        using (code.Open($"{spec.Access} sealed partial class {spec.Runner} : global::Cleave.ModelRunner<{spec.Input}, {spec.Output}>"))
        {
            code.Doc("<summary>Opens the model.</summary>");
            code.Doc("<param name=\"options\">How to run it; null for the defaults.</param>");
            code.Doc("<exception cref=\"global::Cleave.CleaveException\">The model is missing, or its graph is not the one this class was generated from.</exception>");
            code.Line($"public {spec.Runner}(global::Cleave.RunnerOptions? options = null)");
            code.Indent();
            code.Line(": base(Definition, options)");
            code.Unindent();
            code.Line("{");
            code.Line("}");
            code.Line();
            WriteCreateCall(code, spec);
            code.Line();
            WriteBind(code, spec);
            code.Line();
            code.Doc("<inheritdoc/>");
            code.Line($"protected override {spec.Output} Collect(global::Cleave.Generated.OutputBuffers outputs) => new(outputs);");
        }
    }

    private static void WriteCreateCall(SourceWriter code, RunnerSpec spec)
    {
        List<TensorSpec> anyShape = [.. spec.Inputs.Where(i => !i.RankIsKnown)];
        IEnumerable<string> parameters = spec.Symbols.Select(s => "int " + s.Parameter)
            .Concat(anyShape.Select(i => "int[] " + i.ShapeParameter));
        bool hasDimensions = spec.Symbols.Count + anyShape.Count > 0;
        code.Doc($"<summary>Buffers{(hasDimensions ? " for calls with these dimensions" : "")}, bound once"
            + (AllocatesNothing(spec) ? ": after its first runs, <c>call.Run()</c> copies and allocates nothing.</summary>" : ".</summary>"));
        foreach (SymbolSpec symbol in spec.Symbols)
            code.Doc(DocText.Parameter(symbol));
        foreach (TensorSpec input in anyShape)
            code.Doc(DocText.Parameter(input));
        code.Doc("<returns>For one thread at a time. Dispose it, so that the buffers are used again.</returns>");
        if (hasDimensions)
            code.Doc("<exception cref=\"global::System.ArgumentException\">A dimension is negative, or an input would have more elements than an array can hold.</exception>");
        code.Doc("<exception cref=\"global::System.ObjectDisposedException\">The runner was disposed.</exception>");
        using (code.Open($"public {spec.Call} CreateCall({string.Join(", ", parameters)})"))
        {
            code.Line("global::Cleave.Generated.InputBinder binder = NewBinder();");
            foreach (SymbolSpec symbol in spec.Symbols)
                code.Line($"binder.Dim({symbol.Parameter});");
            foreach (TensorSpec input in anyShape)
                code.Line($"binder.Shape({input.ShapeParameter});");
            code.Line($"return new {spec.Call}(Rent(ref binder));");
        }
    }

    // ONNX Runtime itself makes strings, and in each run whatever comes in a shape that only the values say. What a device reads is copied to it.
    private static bool AllocatesNothing(RunnerSpec spec)
    {
        HashSet<string> dimensions = [.. spec.Symbols.Select(s => s.Name)];
        return spec.Device is null
            && spec.Inputs.All(i => i.Type != ElementType.String)
            && spec.Outputs.All(o => IsBound(o.Type, o.RankIsKnown, o.Shape, o.IsSteady))
            && spec.Plans.All(p => p.Values.All(v => IsBound(v.Type, v.RankIsKnown, v.Shape, v.IsSteady)));

        bool IsBound(ElementType type, bool rankIsKnown, EquatableArray<DimSpec> shape, bool isSteady) => type != ElementType.String
            && (isSteady || (rankIsKnown && shape.All(d => d.Size is not null || (d.Symbol is { } symbol && dimensions.Contains(symbol)))));
    }

    /// <summary>The method that gives a request's dimensions and inputs to the binder.</summary>
    public static void WriteBind(SourceWriter code, RunnerSpec spec)
    {
        code.Doc("<inheritdoc/>");
        using (code.Open($"protected override void Bind({spec.Input} input, ref global::Cleave.Generated.InputBinder binder)"))
        {
            foreach (SymbolSpec symbol in spec.Symbols)
                code.Line($"binder.Dim(input.{symbol.Property});");
            foreach (TensorSpec input in spec.Inputs.Where(i => !i.RankIsKnown))
                code.Line($"binder.Shape(input.{input.ShapeProperty});");
            for (int i = 0; i < spec.Inputs.Count; i++)
                code.Line($"binder.Copy({i}, input.{spec.Inputs[i].Property});");
        }
    }
}
