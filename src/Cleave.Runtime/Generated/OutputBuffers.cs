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

    /// <summary>Of an output that is made from arrays: it can be read until it is disposed, as others.</summary>
    /// <param name="name">The output, for messages.</param>
    public static OutputBuffers Made(string name) => new(new MadeBuffers(name));

    /// <summary>A tensor that the application gave such an output: readable as long as the output is. The one given is no one's, and may be given again.</summary>
    public OutputTensor<T> Given<T>(OutputTensor<T> tensor) => _buffers is { } owner ? tensor.OwnedBy(owner) : tensor;

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
