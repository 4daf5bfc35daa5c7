using System;
using System.ComponentModel;
using Cleave.Elements;

namespace Cleave.Generated;

/// <summary>The outputs of one finished request. Used by generated code.</summary>
/// <remarks>Disposing it gives the buffers back to the runner; doing so again, from any thread, does nothing.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct OutputBuffers : IDisposable
{
    private readonly RequestBuffers? _buffers;
    private readonly int _generation;

    internal OutputBuffers(RequestBuffers buffers)
    {
        _buffers = buffers;
        _generation = buffers.Generation;
    }

    /// <summary>One output. <typeparamref name="T"/> is its element type.</summary>
    /// <exception cref="InvalidCastException">The output has another element type.</exception>
    public OutputTensor<T> Tensor<T>(int output)
    {
        if (_buffers is null)
            return default;
        return new OutputTensor<T>((OutputSlot<T>)_buffers.Outputs[output], _generation);
    }

    /// <summary>Gives the buffers back. The tensors throw from then on.</summary>
    public void Dispose() => _buffers?.Release(_generation);
}
