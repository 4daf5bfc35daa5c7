using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Devices;

/// <summary>How many bytes a tensor of fixed-size elements takes.</summary>
internal static class TensorBytes
{
    /// <exception cref="NotSupportedException">Elements of that type have no fixed size in bytes.</exception>
    public static long Of(ElementType type, IReadOnlyList<long> shape)
    {
        int size = type.Bits() / 8;
        if (size == 0)
            throw new NotSupportedException("A device holds no tensor of " + type.Word() + ".");
        long bytes = size;
        foreach (long dim in shape)
            bytes = checked(bytes * dim);
        return bytes;
    }
}
