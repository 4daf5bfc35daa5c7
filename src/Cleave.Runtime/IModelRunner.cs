using System;
using System.Threading;
using System.Threading.Tasks;

namespace Cleave;

/// <summary>
/// What code that uses a model needs of its runner. Tests can implement it without ONNX Runtime: outputs can be made
/// from arrays.
/// </summary>
/// <typeparam name="TInput">The generated input class.</typeparam>
/// <typeparam name="TOutput">The generated output class.</typeparam>
/// <remarks>Every member may be used from several threads at once.</remarks>
public interface IModelRunner<TInput, TOutput> : IDisposable, IAsyncDisposable
    where TOutput : IDisposable
{
    /// <summary>Runs the model on the calling thread.</summary>
    /// <param name="input">The inputs. Their memory is copied and may be reused afterwards.</param>
    /// <param name="cancellationToken">Ends the run between two operators of the model.</param>
    /// <returns>The outputs. Dispose them: their memory is used again.</returns>
    /// <exception cref="ArgumentException">An input's length does not fit its shape.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The runner was disposed.</exception>
    TOutput Run(TInput input, CancellationToken cancellationToken = default);

    /// <summary>Runs the model on a thread of the runner.</summary>
    /// <param name="input">The inputs. Their memory is copied before the call returns and may be reused then.</param>
    /// <param name="cancellationToken">Drops the request while it waits; ends the run between two operators of the model.</param>
    /// <returns>
    /// The outputs. Dispose them: their memory is used again. Every failure, a wrong input length too, comes with the task.
    /// </returns>
    Task<TOutput> RunAsync(TInput input, CancellationToken cancellationToken = default);
}
