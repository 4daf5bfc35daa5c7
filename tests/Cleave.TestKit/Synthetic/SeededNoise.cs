namespace Cleave.TestKit.Synthetic;

/// <summary>Random numbers that depend on the seed alone, not on the version of the framework (SplitMix64).</summary>
internal sealed class SeededNoise(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A generator of its own for each name, so that what is added to a model leaves the rest as it was.</summary>
    public static SeededNoise For(ulong seed, string name)
    {
        ulong hash = 14695981039346656037 ^ seed;
        foreach (char c in name)
            hash = (hash ^ c) * 1099511628211;
        return new SeededNoise(hash);
    }

    public ulong Next() => Next(ref _state);

    public float Uniform(float low, float high) => Between(low, high, Next());

    public float[] Uniform(float low, float high, long count)
    {
        float[] values = new float[count];
        ulong state = _state;
        for (int i = 0; i < values.Length; i++)
            values[i] = Between(low, high, Next(ref state));
        _state = state;
        return values;
    }

    /// <summary>0 to <paramref name="limit"/> - 1.</summary>
    public int Below(int limit) => (int)(Next() % (ulong)limit);

    private static ulong Next(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private static float Between(float low, float high, ulong bits) => low + ((high - low) * ((bits >> 40) * (1f / (1 << 24))));
}
