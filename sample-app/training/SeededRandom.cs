namespace PageReader.Training;

/// <summary>SplitMix64: the same numbers on every machine and with every version of .NET.</summary>
internal sealed class SeededRandom(ulong seed)
{
    private ulong _state = seed;

    public float Range(float least, float most) => least + (most - least) * (Next() >> 40) * (1f / (1 << 24));

    public int Below(int count) => (int)((Next() >> 33) % (ulong)count);

    /// <summary>Mean 0, deviation 1, never beyond ±3.5: the sum of four even numbers.</summary>
    public float Normal()
    {
        ulong bits = Next();
        long sum = (long)(bits & 0xFFFF) + (long)(bits >> 16 & 0xFFFF) + (long)(bits >> 32 & 0xFFFF) + (long)(bits >> 48);
        return (sum - 2 * 65535) * (1.7320508f / 65536);
    }

    private ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
