using System;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cleave.Ensembles.Combining;

/// <summary>The largest; where a member gives no number (NaN), none.</summary>
internal sealed class MaxCombiner<T>(string name) : OutputCombiner<T, T>(name)
    where T : unmanaged, INumber<T>
{
    // Of whole numbers the smallest there is.
    private static readonly T Least = T.CreateSaturating(double.NegativeInfinity);

    private T[] _largest = [];
    private int[] _shape = [];

    public override long ByteLength => (long)_largest.Length * Unsafe.SizeOf<T>();

    public override void Begin(int[] shape)
    {
        _shape = shape;
        int length = Length(shape);
        if (_largest.Length < length)
            _largest = new T[length];
        Array.Fill(_largest, Least, 0, length);
    }

    public override void Add(int member, ReadOnlySpan<T> output, int at)
    {
        Span<T> largest = _largest.AsSpan(at, output.Length);
        for (int i = 0; i < largest.Length; i++)
            largest[i] = T.Max(largest[i], output[i]);
    }

    public override void Finish() => _largest.AsSpan(0, Length(_shape)).CopyTo(Target.Write(_shape));
}
