using System;

namespace Cleave.TestKit.Generation;

/// <summary>A tensor's elements, row by row, and its shape.</summary>
public sealed record TensorData(Array Data, int[] Shape)
{
    /// <summary>The elements; of type float, long and so on, as the model says.</summary>
    public T[] As<T>() => (T[])Data;
}
