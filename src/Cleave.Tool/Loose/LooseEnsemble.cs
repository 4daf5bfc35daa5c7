using Cleave.Generated;

namespace Cleave.Tool.Loose;

/// <summary>The runner of an ensemble, in the form of generated code but without names. Its rule combines nothing: what is looked at is the members.</summary>
internal sealed class LooseEnsemble(EnsembleDefinition definition, EnsembleOptions options) : EnsembleRunner<LooseRequest, LooseOutput>(definition, options)
{
    protected override void Bind(LooseRequest input, ref InputBinder binder)
    {
        input.Describe(ref binder);
        input.Copy(ref binder);
    }

    protected override LooseOutput Collect(OutputBuffers outputs) => new(outputs);

    protected override void CombineOutput(int output, MemberOutputs members)
    {
    }
}
