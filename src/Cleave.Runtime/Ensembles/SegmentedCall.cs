using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading;
using Cleave.Elements;
using Cleave.Generated;

namespace Cleave.Ensembles;

/// <summary>
/// A request that is cut: parts of its inputs where they lie, bound to the models that ran them, kept for the next request of the same dimensions. Instances use different
/// parts, or different models, at once; a part is used by one at a time.
/// </summary>
internal sealed class SegmentedCall(EnsembleServing serving, InputSlot[] inputs, CombinedStage[] stages)
{
    private readonly ConcurrentDictionary<(MemberModel, int, int), CallBuffers> _parts = new();

    public int Samples { get; } = inputs[0].Shape[0];

    /// <summary>All of them, where they lie.</summary>
    public InputSlot[] Inputs => inputs;

    public long ByteLength => _parts.Values.Sum(static p => p.ByteLength);

    /// <summary>Runs it through the inference system. Done when nothing uses its memory any more.</summary>
    public void Run(CancellationToken token) => serving.Run(this, token);

    /// <summary>Samples from place <paramref name="at"/> on, bound to a model, whose engine the caller has entered.</summary>
    public CallBuffers Buffers(MemberModel model, RunnerEngine engine, int at, int count)
    {
        if (_parts.TryGetValue((model, at, count), out CallBuffers? known))
            return known;
        InputSlot[] part = Array.ConvertAll(inputs, i => i.Slice(at, count));
        try
        {
            return _parts[(model, at, count)] = model.NewBuffers(engine, part);
        }
        finally
        {
            // The member's inputs are views of their own.
            foreach (InputSlot input in part)
                input.Dispose();
        }
    }

    /// <summary>Adds what a member gave for a part.</summary>
    /// <exception cref="CleaveException">Its outputs have other shapes than those of a member before it, or not one row for each sample.</exception>
    public void Add(int member, OutputSlot[] part, int at, int count)
    {
        foreach (CombinedStage stage in stages)
            stage.AddPart(member, part, at, count, Samples);
    }

    public void Free()
    {
        foreach (CallBuffers part in _parts.Values)
            part.Leave();
    }
}
