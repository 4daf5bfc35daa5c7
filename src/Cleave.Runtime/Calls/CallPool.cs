using System;
using System.Collections.Generic;
using Cleave.Generated;

namespace Cleave.Calls;

/// <summary>
/// Idle call buffers, by dimensions, the dimensions used last in front. What is idle is bounded in number and in bytes;
/// what was not used for longest is freed first. Thread-safe.
/// </summary>
/// <remarks>
/// Buffers are worth their memory where dimensions come again. So the bound in bytes follows the requests: dimensions that were used before raise it, also where their
/// buffers were freed meanwhile, and new ones lower it (after the adaptive replacement cache of Megiddo and Modha, FAST 2003).
/// </remarks>
/// <param name="create">Makes buffers for these dimensions.</param>
/// <param name="isOutdated">Whether buffers that come back are not worth keeping; asked under the pool's lock. Null: all are.</param>
internal sealed class CallPool<TBuffers>(Func<int[], TBuffers> create, Func<TBuffers, bool>? isOutdated = null)
    where TBuffers : RequestBuffers
{
    // Enough for the bursts of a server; two are always kept, however large they are, unless their dimensions do not come again.
    private const int MostIdle = 64;
    private const int LeastIdle = 2;
    private const long MostIdleBytes = 64L << 20;
    private const long LeastIdleBytes = 2L << 20;
    private const int MostDims = 64;

    // With buffers or without: those without say that their dimensions were used.
    private readonly List<Bucket> _buckets = [];
    private long _bound = MostIdleBytes;
    private int _idle;
    private int _rented;
    private long _idleBytes;
    private bool _closed;

    /// <summary>How many are idle.</summary>
    public int Idle
    {
        get
        {
            lock (_buckets)
                return _idle;
        }
    }

    /// <summary>How many were rented and did not come back.</summary>
    public int Rented
    {
        get
        {
            lock (_buckets)
                return _rented;
        }
    }

    // How many are kept, however large they are.
    private int Kept => _bound == MostIdleBytes ? LeastIdle : Math.Min(_buckets[0].Idle.Count, LeastIdle);

    /// <summary>Buffers for these dimensions; the pool may keep the array.</summary>
    public TBuffers Rent(int[] dims)
    {
        if (TryRent(dims) is { } idle)
            return idle;
        TBuffers made = create(dims);
        Join();
        return made;
    }

    /// <summary>Idle buffers for these dimensions; null where there are none.</summary>
    public TBuffers? TryRent(int[] dims)
    {
        lock (_buckets)
        {
            int at = Find(dims);
            Learn(at >= 0);
            if (at >= 0 && _buckets[at].Idle.TryPop(out TBuffers? found))
            {
                MoveToFront(at);
                _idle--;
                _rented++;
                _idleBytes -= found.IdleBytes;
                return found;
            }
        }
        return null;
    }

    /// <summary>Takes buffers that are idle, of each of the dimensions used last one. They count as rented.</summary>
    public List<TBuffers> TakeRecent(int most)
    {
        List<TBuffers> recent = [];
        lock (_buckets)
        {
            foreach (Bucket bucket in _buckets)
            {
                if (recent.Count == most)
                    break;
                if (!bucket.Idle.TryPop(out TBuffers? found))
                    continue;
                _idle--;
                _rented++;
                _idleBytes -= found.IdleBytes;
                recent.Add(found);
            }
        }
        return recent;
    }

    /// <summary>Rented buffers went to another pool.</summary>
    public void Leave()
    {
        lock (_buckets)
            _rented--;
    }

    /// <summary>Buffers that this pool did not rent out, but another one or nobody, will be returned here.</summary>
    public void Join()
    {
        lock (_buckets)
            _rented++;
    }

    public void Return(TBuffers buffers)
    {
        List<TBuffers>? surplus = null;
        lock (_buckets)
        {
            _rented--;
            if (_closed || isOutdated?.Invoke(buffers) == true)
            {
                surplus = [buffers];
            }
            else
            {
                Put(buffers);
                while (_idle > MostIdle || (_idleBytes > _bound && _idle > Kept))
                    (surplus ??= []).Add(TakeOldest());
                ForgetOldest(ref surplus);
            }
        }
        Free(surplus);
    }

    /// <summary>Frees what is idle.</summary>
    public void FreeIdle()
    {
        List<TBuffers> all;
        lock (_buckets)
            all = TakeAll();
        Free(all);
    }

    /// <summary>Frees what is idle; what is still rented is freed when it comes back.</summary>
    public void Close()
    {
        List<TBuffers> all;
        lock (_buckets)
        {
            _closed = true;
            all = TakeAll();
            _buckets.Clear();
        }
        Free(all);
    }

    private void Learn(bool known)
    {
        if (known)
            _bound = Math.Min(MostIdleBytes, 2 * _bound);
        else if (_idle > 0)
            _bound = Math.Max(LeastIdleBytes, _bound / 4 * 3);
    }

    private void Put(TBuffers buffers)
    {
        int at = Find(buffers.Dims);
        if (at < 0)
            _buckets.Insert(0, new Bucket(buffers.Dims));
        else
            MoveToFront(at);
        _buckets[0].Idle.Push(buffers);
        _idle++;
        buffers.IdleBytes = buffers.ByteLength;
        _idleBytes += buffers.IdleBytes;
    }

    private void ForgetOldest(ref List<TBuffers>? surplus)
    {
        if (_buckets.Count <= MostDims)
            return;
        while (_buckets[^1].Idle.Count > 0)
            (surplus ??= []).Add(TakeOldest());
        _buckets.RemoveAt(_buckets.Count - 1);
    }

    private List<TBuffers> TakeAll()
    {
        List<TBuffers> all = [];
        while (_idle > 0)
            all.Add(TakeOldest());
        return all;
    }

    private TBuffers TakeOldest()
    {
        TBuffers oldest = _buckets.FindLast(static b => b.Idle.Count > 0)!.Idle.Pop();
        _idle--;
        _idleBytes -= oldest.IdleBytes;
        return oldest;
    }

    private int Find(int[] dims)
    {
        for (int i = 0; i < _buckets.Count; i++)
        {
            if (_buckets[i].Dims.AsSpan().SequenceEqual(dims))
                return i;
        }
        return -1;
    }

    private void MoveToFront(int at)
    {
        if (at == 0)
            return;
        Bucket bucket = _buckets[at];
        _buckets.RemoveAt(at);
        _buckets.Insert(0, bucket);
    }

    private static void Free(List<TBuffers>? surplus)
    {
        foreach (TBuffers buffers in surplus ?? [])
            buffers.Free();
    }

    private sealed class Bucket(int[] dims)
    {
        public int[] Dims { get; } = dims;

        public Stack<TBuffers> Idle { get; } = new();
    }
}
