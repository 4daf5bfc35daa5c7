using System;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Onnx;

/// <summary>Keeps each ASCII name once, found by its bytes, so that a name that occurs again costs no memory. Others are decoded each time.</summary>
internal sealed class NameTable
{
    // A file may be made so that all its names meet in one bucket; those beyond are decoded each time, too.
    private const int MostInBucket = 64;

    private Entry[] _entries = new Entry[256];
    private int[] _buckets = NewBuckets(512);
    private int _count;

    /// <summary>The name in <paramref name="bytes"/>; null where it is not plain ASCII.</summary>
    [MethodImpl(JustInTime.Optimized)]
    public string? Find(byte[] bytes, int start, int count)
    {
        uint hash = 2166136261;
        for (int i = start; i < start + count; i++)
        {
            byte b = bytes[i];
            if (b >= 0x80)
                return null;
            hash = (hash ^ b) * 16777619;
        }
        hash ^= hash >> 15;
        int met = 0;
        for (int i = _buckets[hash & (uint)(_buckets.Length - 1)]; i >= 0; i = _entries[i].Next)
        {
            if (_entries[i].Hash == hash && Same(_entries[i].Name, bytes, start, count))
                return _entries[i].Name;
            if (++met == MostInBucket)
                return System.Text.Encoding.ASCII.GetString(bytes, start, count);
        }
        return Add(hash, System.Text.Encoding.ASCII.GetString(bytes, start, count));
    }

    private static bool Same(string name, byte[] bytes, int start, int count)
    {
        if (name.Length != count)
            return false;
        for (int i = 0; i < count; i++)
        {
            if (name[i] != bytes[start + i])
                return false;
        }
        return true;
    }

    private string Add(uint hash, string name)
    {
        if (_count == _entries.Length)
            Grow();
        ref int bucket = ref _buckets[hash & (uint)(_buckets.Length - 1)];
        _entries[_count] = new Entry(name, hash, bucket);
        bucket = _count++;
        return name;
    }

    private void Grow()
    {
        Array.Resize(ref _entries, _count * 2);
        _buckets = NewBuckets(_count * 4);
        for (int i = 0; i < _count; i++)
        {
            ref int bucket = ref _buckets[_entries[i].Hash & (uint)(_buckets.Length - 1)];
            _entries[i] = new Entry(_entries[i].Name, _entries[i].Hash, bucket);
            bucket = i;
        }
    }

    private static int[] NewBuckets(int length)
    {
        int[] buckets = new int[length];
        for (int i = 0; i < length; i++)
            buckets[i] = -1;
        return buckets;
    }

    private readonly struct Entry(string name, uint hash, int next)
    {
        public readonly string Name = name;
        public readonly uint Hash = hash;
        public readonly int Next = next;
    }
}
