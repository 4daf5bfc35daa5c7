using System.Collections.Generic;
using Cleave.Workers;

namespace Cleave.Ensembles.Serving;

/// <summary>
/// Whose batch a device takes next where members share it: that of the member which is furthest behind, that is, has the most samples waiting; what is left of weights
/// that were replaced comes first. First come, first served would give time of the device to a member that is ahead, and the request is not over before the last one is.
/// Thread-safe.
/// </summary>
internal sealed class DeviceTurns
{
    private readonly object _lock = new();
    private readonly LinkedList<(SegmentQueue Queue, Admission Admission)> _waiting = new();
    private int _free = DeviceInstance.Under;

    /// <summary>How many wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Takes a place for a batch of a member, and waits for it; each batch that has one gives it back soon.</summary>
    /// <param name="queue">What waits of the member.</param>
    public void Enter(SegmentQueue queue)
    {
        Admission admission;
        lock (_lock)
        {
            // While somebody waits, none is free.
            if (_free > 0)
            {
                _free--;
                return;
            }
            admission = new Admission();
            _waiting.AddLast((queue, admission));
        }
        admission.Await();
    }

    /// <summary>Gives it back.</summary>
    public void Leave()
    {
        using (new PatientLock(_lock))
        {
            if (Furthest() is { } next)
            {
                _waiting.Remove(next);
                next.Value.Admission.Admit();
            }
            else
            {
                _free++;
            }
        }
    }

    // Of equal ones that which came first.
    private LinkedListNode<(SegmentQueue Queue, Admission Admission)>? Furthest()
    {
        LinkedListNode<(SegmentQueue Queue, Admission Admission)>? best = null;
        int most = -1;
        for (LinkedListNode<(SegmentQueue Queue, Admission Admission)>? node = _waiting.First; node is not null; node = node.Next)
        {
            if (node.Value.Queue.Urgency is var urgency && urgency > most)
                (best, most) = (node, urgency);
        }
        return best;
    }
}
