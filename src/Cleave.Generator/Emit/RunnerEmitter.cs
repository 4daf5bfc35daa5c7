using System.Collections.Generic;
using System.Linq;
using Cleave.Generator.Model;

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
        string dimensions = spec.Symbols.Count + anyShape.Count > 0 ? " for calls with these dimensions" : "";
        code.Doc($"<summary>Buffers{dimensions}, bound once: <c>call.Run()</c> copies and allocates nothing.</summary>");
        foreach (SymbolSpec symbol in spec.Symbols)
            code.Doc(DocText.Parameter(symbol));
        foreach (TensorSpec input in anyShape)
            code.Doc(DocText.Parameter(input));
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
