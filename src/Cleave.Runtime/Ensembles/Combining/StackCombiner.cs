using System;

namespace Cleave.Ensembles.Combining;

/// <summary>The outputs one after the other, along a new first dimension.</summary>
internal sealed class StackCombiner<T>(string name, int members) : OutputCombiner<T, T>(name)
{
    private int _each;

    public override void Begin(int[] shape)
    {
        _each = Length(shape);
        Target.Write([members, .. shape]);
    }

    public override void Add(int member, ReadOnlySpan<T> output, int at) => output.CopyTo(Target.Written.Slice(member * _each + at, output.Length));

    public override void Finish()
    {
    }
}
