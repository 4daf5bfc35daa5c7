using System;
using System.Linq;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Generated;
using Cleave.Generator.Model;
using Cleave.Tool.Benching;
using Cleave.Tool.Loose;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Ensembles;

/// <summary>The runner of an ensemble of models of one input and one output, in the form of generated code but without names; the rule is the application's.</summary>
internal sealed class LooseEnsembleRunner : EnsembleRunner<LooseRequest, LooseOutput>
{
    private readonly RunnerSpec _spec;
    private readonly float[] _mean;

    private LooseEnsembleRunner(EnsembleDefinition definition, RunnerSpec spec, EnsembleOptions options, int length)
        : base(definition, options)
    {
        _spec = spec;
        _mean = new float[length];
    }

    /// <param name="paths">The members.</param>
    /// <param name="rule">How the output is combined. <see cref="CombinationRule.Custom"/>: the mean of its first elements, whatever shapes they have.</param>
    /// <param name="length">How many elements that is.</param>
    public static LooseEnsembleRunner Of(string[] paths, CombinationRule rule, int length)
    {
        RunnerSpec[] specs = [.. paths.Select(p => LooseDefinition.SpecOf(p, ModelReader.ReadFile(p), new ListingOptions()))];
        ModelDefinition[] models = [.. specs.Select(LooseDefinition.Of)];
        EnsembleDefinition definition = new(
            1, "ensemble", models[0].Inputs, [.. models.Select((m, i) => new EnsembleMember("m" + i, m, [0]))],
            [new Cleave.Generated.EnsembleOutput(models[0].Outputs[0], rule, new int[models.Length])]);
        EnsembleOptions options = new()
        {
            Cores = BenchRun.Cores,
            ConfigureMember = (name, member) => member.Model = ModelSource.File(paths[int.Parse(name[1..], System.Globalization.CultureInfo.InvariantCulture)]),
        };
        return new LooseEnsembleRunner(definition, specs[0], options, length);
    }

    public LooseRequest NewRequest(RequestInputs inputs) => new(_spec, inputs);

    protected override void Bind(LooseRequest input, ref InputBinder binder)
    {
        input.Describe(ref binder);
        input.Copy(ref binder);
    }

    protected override LooseOutput Collect(OutputBuffers outputs) => new(outputs);

    protected override void CombineOutput(int output, MemberOutputs members)
    {
        float[] mean = new float[_mean.Length];
        for (int m = 0; m < Members.Count; m++)
        {
            ReadOnlySpan<float> scores = members.Tensor<float>(m).Span;
            for (int i = 0; i < mean.Length; i++)
                mean[i] += scores[i] / Members.Count;
        }
        members.Set(new OutputTensor<float>(mean, mean.Length));
    }
}
