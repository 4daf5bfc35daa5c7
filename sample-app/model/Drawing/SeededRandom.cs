namespace LabelGlyphsModel.Drawing;

/// <summary>SplitMix64: the same numbers on every machine and with every version of .NET.</summary>
internal sealed class SeededRandom(ulong seed)
{
    private ulong _state = seed;

    public float Range(float least, float most) => least + (most - least) * (Next() >> 40) * (1f / (1 << 24));

    public int Below(int count) => (int)((Next() >> 33) % (ulong)count);

    /// <summary>Mean 0, deviation 1, never beyond ±6: the sum of twelve even numbers.</summary>
    public float Normal()
    {
        float sum = -6;
        for (int i = 0; i < 12; i++)
            sum += Range(0, 1);
        return sum;
    }

    private ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
