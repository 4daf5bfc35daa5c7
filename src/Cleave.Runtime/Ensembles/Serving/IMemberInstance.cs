using System;
using Cleave.Devices;

namespace Cleave.Ensembles.Serving;

/// <summary>
/// One instance of a member, a cell of the allocation matrix: takes batches through three stages, each on a thread of its own, so that one batch is loaded while
/// another runs and a third is sent; the batcher's runs all of a batch that is very short. A batch stays in one slot from stage to stage; no slot is used for two at once,
/// and no stage.
/// </summary>
internal interface IMemberInstance : IDisposable
{
    /// <summary>For people: <c>cuda:0</c>.</summary>
    string Name { get; }

    /// <summary>The most samples that it takes at once.</summary>
    int Batch { get; }

    /// <summary>How many batches may be under way; 1: the stages run one after the other, on one thread.</summary>
    int Slots { get; }

    /// <summary>Where it is, and other members may be, too: they take turns there (<see cref="DeviceTurns"/>). Null: nowhere that it would have to.</summary>
    IDevice? Device { get; }

    /// <summary>Whether it will never run again: its device is lost.</summary>
    bool IsLost { get; }

    /// <summary>Brings samples to where it reads them. By the batcher's thread.</summary>
    void Load(EnsembleRequest request, int at, int count, int slot);

    /// <summary>Runs the member on them, or sees to it that it is run. One batch at a time.</summary>
    void Predict(int slot);

    /// <summary>Waits for the outputs. One batch at a time.</summary>
    void Receive(int slot);

    /// <summary>Adds the outputs to the request, after <see cref="Receive"/>.</summary>
    void Add(EnsembleRequest request, int at, int count, int slot);

    /// <summary>The batch is over, however far it came: lets go of what is its request's.</summary>
    void Leave(int slot)
    {
    }
}
