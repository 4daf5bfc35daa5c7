using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading;
using Cleave.Elements;
using Cleave.Engines;
using Cleave.Generated;

namespace Cleave.Ensembles;

/// <summary>
/// A request that is cut. Each instance has buffers for each number of samples that it runs, in which it runs one part of the request's inputs after the other, where they lie;
/// they are kept for the next request of the same dimensions.
/// </summary>
internal sealed class SegmentedCall(EnsembleServing serving, InputSlot[] inputs, CombinedStage[] stages)
{
    private readonly ConcurrentDictionary<(int Member, int Instance, int Count), CallBuffers> _parts = new();

    public int Samples { get; } = inputs[0].Shape[0];

    /// <summary>All of them, where they lie.</summary>
    public InputSlot[] Inputs => inputs;

    public long ByteLength => _parts.Values.Sum(static p => p.ByteLength);

    /// <summary>Runs it through the inference system. Done when nothing uses its memory any more.</summary>
    public void Run(CancellationToken token) => serving.Run(this, token);

    /// <summary>An instance's buffers, with samples from place <paramref name="at"/> on as inputs. It has run the part before, and its outputs are read no more.</summary>
    /// <param name="member">The place of its member.</param>
    /// <param name="instance">Its own among the member's.</param>
    /// <param name="model">The model that it runs.</param>
    /// <param name="engine">That model's, which the caller has entered.</param>
    /// <param name="at">The first sample.</param>
    /// <param name="count">How many.</param>
    public CallBuffers Buffers(int member, int instance, MemberModel model, RunnerEngine engine, int at, int count)
    {
        if (_parts.TryGetValue((member, instance, count), out CallBuffers? known))
        {
            try
            {
                model.Move(known, engine, inputs, at);
            }
            catch
            {
                // Some of its inputs may be bound to the part before.
                if (_parts.TryRemove((member, instance, count), out _))
                    known.Leave();
                throw;
            }
            return known;
        }
        InputSlot[] part = Array.ConvertAll(inputs, i => i.Slice(at, count));
        try
        {
            return _parts[(member, instance, count)] = model.NewBuffers(engine, part);
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
