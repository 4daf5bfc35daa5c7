using System.Collections.Generic;
using System.Linq;
using Cleave.Core;
using Cleave.Generator.Model;
using Cleave.Generator.Pipeline;

namespace Cleave.Generator.Emit;

/// <summary>Writes an ensemble's code (docs/ensembles.md): a plain function of the spec.</summary>
internal static class EnsembleEmitter
{
    private const string Generated = "global::Cleave.Generated.";

    public static GeneratedFile Emit(EnsembleSpec spec)
    {
        SourceWriter code = new();
        using (code.Open("namespace " + spec.Surface.Namespace))
        {
            WriteRunner(code, spec);
            code.Line();
            InputEmitter.Write(code, spec.Surface);
            code.Line();
            OutputEmitter.Write(code, spec.Surface);
        }
        return new GeneratedFile(".g.cs", code.ToSourceText());
    }

    private static void WriteRunner(SourceWriter code, EnsembleSpec spec)
    {
        RunnerSpec surface = spec.Surface;
        code.Doc("<summary>Runs the ensemble " + DocText.Code(surface.Source) + ": its members get the same inputs, and answer as one.</summary>");
        code.Doc(About(spec));
        code.Line(GeneratedCode.Attribute);
        using (code.Open($"{surface.Access} sealed partial class {surface.Runner} : global::Cleave.EnsembleRunner<{surface.Input}, {surface.Output}>"))
        {
            foreach (TensorSpec tensor in surface.Inputs.Concat(surface.Outputs))
                code.Line($"private static readonly {Generated}Value {tensor.Field} = {PlanEmitter.Describe(tensor.Name, tensor.Type, tensor.RankIsKnown, tensor.Shape, tensor.IsSteady)};");
            code.Line();
            WriteDefinition(code, spec);
            code.Line();
            code.Doc("<summary>Opens the members.</summary>");
            code.Doc("<param name=\"options\">How to run them; null for the defaults.</param>");
            code.Doc("<exception cref=\"global::Cleave.CleaveException\">A member is missing, or its graph is not the one this class was generated from.</exception>");
            code.Line($"public {surface.Runner}(global::Cleave.EnsembleOptions? options = null)");
            code.Indent();
            code.Line(": base(Definition, options)");
            code.Unindent();
            code.Line("{");
            code.Line("}");
            WriteOwnRules(code, spec);
            code.Line();
            RunnerEmitter.WriteBind(code, surface);
            code.Line();
            code.Doc("<inheritdoc/>");
            code.Line($"protected override {surface.Output} Collect({Generated}OutputBuffers outputs) => new(outputs);");
        }
    }

    private static string About(EnsembleSpec spec)
    {
        string text = "<remarks>\n<para>Members: " + string.Join(", ", spec.Members.Select(m => DocText.Code(m.Source))) + ".</para>";
        for (int i = 0; i < spec.Outputs.Count; i++)
            text += "\n<para>" + DocText.Code(spec.Surface.Outputs[i].Name) + ": " + Words(spec.Outputs[i]) + ".</para>";
        return text + "\n<para>May be used from any number of threads at the same time.</para>\n</remarks>";
    }

    private static string Words(CombinedOutputSpec output) => output.Rule switch
    {
        CombineOptions.Mean => "the mean of the members' outputs",
        CombineOptions.WeightedMean => "the weighted mean of the members' outputs",
        CombineOptions.SoftVote => "the place of the largest mean score along the last dimension; of equal ones the first",
        CombineOptions.MajorityVote => "what most members vote for; with as many votes for several, the smallest",
        CombineOptions.Max => "the largest of the members' outputs",
        CombineOptions.Stack => "the members' outputs, one after the other",
        _ => "by a rule of the application's own",
    };

    private static void WriteDefinition(SourceWriter code, EnsembleSpec spec)
    {
        RunnerSpec surface = spec.Surface;
        code.Line($"private static readonly {Generated}EnsembleDefinition Definition = new(");
        code.Indent();
        code.Line($"contract: {GeneratedCode.Contract},");
        code.Line($"name: {SafeText.Literal(surface.ModelName)},");
        PlanEmitter.WriteValues(code, "inputs: ", new([.. surface.Inputs.Select(i => i.Field)]), ",");
        code.Line("// Of each member: for each of its inputs the place among those.");
        using (code.Open($"members: new {Generated}EnsembleMember[]", "},"))
        {
            foreach (EnsembleMemberSpec member in spec.Members)
                code.Line($"new({SafeText.Literal(member.Source)}, global::{member.Runner}.Definition, {Array(member.Inputs, "int", i => NumberText.Of(i))}),");
        }
        code.Line("// Of each output: how it is combined, its place among each member's outputs, the members' weights.");
        string[] more = [.. More(spec)];
        using (code.Open($"outputs: new {Generated}EnsembleOutput[]", more.Length == 0 ? "});" : "})"))
        {
            for (int i = 0; i < spec.Outputs.Count; i++)
            {
                CombinedOutputSpec output = spec.Outputs[i];
                string weights = output.Weights.Count == 0 ? "" : ", " + Array(output.Weights, "double", NumberText.Of);
                code.Line($"new({surface.Outputs[i].Field}, global::Cleave.CombinationRule.{output.Rule}, {Array(output.Places, "int", i => NumberText.Of(i))}{weights}),");
            }
        }
        if (more.Length > 0)
            code.Line("{ " + string.Join(", ", more) + " };");
        code.Unindent();
    }

    private static IEnumerable<string> More(EnsembleSpec spec)
    {
        if (spec.Surface.OutputPath.Length > 0)
            yield return "Path = " + SafeText.Literal(spec.Surface.OutputPath);
        if (spec.Devices.Count > 0)
            yield return "Devices = " + Array(spec.Devices, "string", SafeText.Literal);
    }

    // A partial method that gives something must be written: forgetting it is an error of the compiler at its name.
    private static void WriteOwnRules(SourceWriter code, EnsembleSpec spec)
    {
        if (!spec.Outputs.Any(o => o.Method.Length > 0))
            return;
        for (int i = 0; i < spec.Outputs.Count; i++)
        {
            CombinedOutputSpec output = spec.Outputs[i];
            if (output.Method.Length == 0)
                continue;
            TensorSpec tensor = spec.Surface.Outputs[i];
            code.Line();
            code.Doc("<summary>Combines " + DocText.Code(tensor.Name) + ": the application's own rule. Called once for each request, from any thread.</summary>");
            foreach (EnsembleMemberSpec member in spec.Members)
                code.Doc($"<param name=\"{member.Parameter.TrimStart('@')}\">The output of {DocText.Code(member.Source)}; valid until the rule returns.</param>");
            code.Doc("<returns>The ensemble's output, made from an array; or one of those given.</returns>");
            IEnumerable<string> parameters = spec.Members.Select((m, at) => $"global::Cleave.OutputTensor<{output.Elements[at]}> {m.Parameter}");
            code.Line($"private partial global::Cleave.OutputTensor<{tensor.Element}> {output.Method}({string.Join(", ", parameters)});");
        }
        code.Line();
        code.Doc("<inheritdoc/>");
        using (code.Open($"protected override void CombineOutput(int output, {Generated}MemberOutputs members)"))
        using (code.Open("switch (output)"))
        {
            for (int i = 0; i < spec.Outputs.Count; i++)
            {
                CombinedOutputSpec output = spec.Outputs[i];
                if (output.Method.Length == 0)
                    continue;
                code.Line($"case {NumberText.Of(i)}:", spec.Surface.Outputs[i].Name);
                code.Indent();
                IEnumerable<string> arguments = output.Elements.Select((e, at) => $"members.Tensor<{e}>({NumberText.Of(at)})");
                code.Line($"members.Set({output.Method}({string.Join(", ", arguments)}));");
                code.Line("break;");
                code.Unindent();
            }
        }
    }

    private static string Array<T>(EquatableArray<T> items, string type, System.Func<T, string> text)
        where T : System.IEquatable<T> =>
        items.Count == 0 ? $"global::System.Array.Empty<{type}>()" : $"new {type}[] {{ {string.Join(", ", items.Select(text))} }}";
}
