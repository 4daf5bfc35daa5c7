using System.Threading;

namespace Cleave.Ensembles;

/// <summary>
/// Which thread takes which member of a request: first those that it ran the last time, whose weights its core has at hand, then any that is left. Small members are read
/// from memory otherwise at each request: eight of 2 MB took three times as long where threads took them as they came. Thread-safe.
/// </summary>
internal sealed class MemberClaims
{
    // By member, the thread that ran it last; of the ensemble, not of one request. Races cost a cache miss.
    private readonly int[] _homes;
    private readonly int[] _taken;

    /// <param name="homes">By member, the thread that ran it last; 0: none.</param>
    public MemberClaims(int[] homes)
    {
        _homes = homes;
        _taken = new int[homes.Length];
        Order = new int[homes.Length];
        for (int m = 0; m < homes.Length; m++)
        {
            Order[m] = m;
            _taken[m] = 1;
        }
    }

    /// <summary>The members in the order in which they are taken; changed while none is left only.</summary>
    public int[] Order { get; }

    /// <summary>From now on all are there to be taken.</summary>
    public void Open()
    {
        for (int m = 0; m < _taken.Length; m++)
            Volatile.Write(ref _taken[m], 0);
    }

    /// <summary>A member for a thread; -1 where none is left.</summary>
    public int Take(int thread)
    {
        foreach (int member in Order)
        {
            if (Volatile.Read(ref _homes[member]) == thread && TryTake(member))
                return member;
        }
        foreach (int member in Order)
        {
            if (TryTake(member))
            {
                Volatile.Write(ref _homes[member], thread);
                return member;
            }
        }
        return -1;
    }

    private bool TryTake(int member) => Volatile.Read(ref _taken[member]) == 0 && Interlocked.CompareExchange(ref _taken[member], 1, 0) == 0;
}
