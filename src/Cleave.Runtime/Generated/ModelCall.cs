using System;
using System.ComponentModel;
using System.Threading;
using Cleave.Elements;
using Cleave.Engines;
using Cleave.Ledger;

namespace Cleave.Generated;

/// <summary>
/// Base of the generated calls, of which one is called the same if the model is <c>model.onnx</c>: buffers that are bound once. Write the inputs, <see cref="Run"/>, read the outputs, again
/// and again: after the first runs nothing is copied or allocated, unless the model gives strings or outputs whose shape
/// depends on the inputs' values.
/// </summary>
/// <remarks>
/// Not thread-safe: one call serves one thread at a time; make one for each thread. Inputs keep their values from run to
/// run; at first they hold what an earlier request left. Outputs are those of the last run, and change with the next.
/// </remarks>
public abstract class ModelCall : IDisposable
{
    private readonly int _generation;
    private CallBuffers? _buffers;

    /// <summary>Takes the buffers over.</summary>
    protected ModelCall(CallBuffers buffers)
    {
        ArgumentNullException.ThrowIfNull(buffers);
        _buffers = buffers;
        _generation = buffers.Generation;
    }

    /// <summary>Runs the model on the calling thread.</summary>
    /// <param name="cancellationToken">Ends the run between two operators of the model.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The call or its runner was disposed.</exception>
    /// <exception cref="InvalidOperationException">Two threads use the call at once.</exception>
    /// <exception cref="CleaveException">ONNX Runtime failed (CLV4008). The call stays usable.</exception>
    public void Run(CancellationToken cancellationToken = default)
    {
        CallBuffers buffers = Buffers;
        RunnerEngine engine = buffers.Enter();
        MeteredCall call = engine.Home.Calls.Begin("ModelCall.Run");
        try
        {
            engine.Home.Recorder?.Offer(buffers.Inputs);
            buffers.Run(engine, _generation, cancellationToken);
            call.End(null);
        }
        catch (Exception e)
        {
            call.End(e);
            throw;
        }
        finally
        {
            engine.Gate.Exit();
        }
    }

    /// <summary>Gives the buffers back. May be called more than once. Not while <see cref="Run"/> runs.</summary>
    public void Dispose()
    {
        Interlocked.Exchange(ref _buffers, null)?.Retire(_generation);
        GC.SuppressFinalize(this);
    }

    internal CallBuffers Buffers =>
        Volatile.Read(ref _buffers) ?? throw new ObjectDisposedException(GetType().Name);

    /// <summary>The elements of an input. Valid until the call is disposed.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected Span<T> Input<T>(int index) => ((InputSlot<T>)Buffers.Inputs[index]).Span;

    /// <summary>The one element of an input of rank 0. Valid until the call is disposed.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected ref T Scalar<T>(int index) => ref ((InputSlot<T>)Buffers.Inputs[index]).First;

    /// <summary>An output of the last run.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected OutputTensor<T> Output<T>(int index) => new((OutputSlot<T>)Buffers.Outputs[index], _generation);
}
