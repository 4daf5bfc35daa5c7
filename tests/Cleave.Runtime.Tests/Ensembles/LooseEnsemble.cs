using System;
using System.Linq;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>The runner of an ensemble of any models, in the form of generated code but without names.</summary>
internal sealed class LooseEnsemble(EnsembleDefinition definition, EnsembleOptions? options, Action<int, MemberOutputs>? combine) : EnsembleRunner<Request, LooseOutput>(definition, options)
{
    /// <summary>Models of one input x and one output y of the same type and shape.</summary>
    public static LooseEnsemble Of(ModelProto[] models, CombinationRule rule = CombinationRule.Mean, EnsembleOptions? options = null, Action<int, MemberOutputs>? combine = null)
        => new(Describe([.. models.Select(m => Definitions.Of(m))], rule, []), With(models, options), combine);

    /// <summary>The same, of models whose batch is the first axis of x and y.</summary>
    public static LooseEnsemble Batched(ModelProto[] models, CombinationRule rule, EnsembleOptions? options = null, Action<int, MemberOutputs>? combine = null, params double[] weights)
        => new(Describe([.. models.Select(m => Definitions.Batched(m))], rule, weights), With(models, options), combine);

    /// <summary>The same, which the item lists these devices for.</summary>
    public static LooseEnsemble OnDevices(string[] devices, ModelProto[] models, CombinationRule rule, EnsembleOptions options, Action<int, MemberOutputs>? combine = null, bool isBatched = true)
        => new(Describe([.. models.Select(m => isBatched ? Definitions.Batched(m) : Definitions.Of(m))], rule, [], devices), With(models, options), combine);

    /// <summary>Options with which the members are opened from memory.</summary>
    public static EnsembleOptions With(ModelProto[] models, EnsembleOptions? options = null)
    {
        options ??= new EnsembleOptions();
        Action<string, RunnerOptions>? configure = options.ConfigureMember;
        options.ConfigureMember = (name, member) =>
        {
            member.Model = ModelSource.Bytes(models[int.Parse(name[1..], System.Globalization.CultureInfo.InvariantCulture)].ToByteArray());
            configure?.Invoke(name, member);
        };
        return options;
    }

    private static EnsembleDefinition Describe(ModelDefinition[] models, CombinationRule rule, double[] weights, params string[] devices) => new(
        1, "Vision", models[0].Inputs,
        [.. models.Select((d, i) => new EnsembleMember("m" + i, d, [0]))],
        [new EnsembleOutput(models[0].Outputs[0], rule, new int[models.Length], weights)])
    {
        Devices = devices,
    };

    protected override void Bind(Request input, ref InputBinder binder) => input(ref binder);

    protected override LooseOutput Collect(OutputBuffers outputs) => new(outputs);

    protected override void CombineOutput(int output, MemberOutputs members)
    {
        if (combine is null)
            base.CombineOutput(output, members);
        else
            combine(output, members);
    }
}
