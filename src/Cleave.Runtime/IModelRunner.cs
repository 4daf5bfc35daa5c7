using System;
using System.Collections.Generic;
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
    /// <summary>
    /// Runs the model on the calling thread; or, where requests run together (<see cref="RunnerOptions.Batching"/>), waits while another thread runs it.
    /// </summary>
    /// <param name="input">The inputs. Their memory is copied and may be reused afterwards.</param>
    /// <param name="cancellationToken">Ends the run between two operators of the model.</param>
    /// <returns>The outputs. Dispose them: their memory is used again.</returns>
    /// <exception cref="ArgumentException">An input's length does not fit its shape.</exception>
    /// <exception cref="CleaveException">It failed (CLV4008), or was rejected: as many requests wait as may, and <see cref="FullQueue.Reject"/> was asked for (CLV4012).</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The runner was disposed.</exception>
    TOutput Run(TInput input, CancellationToken cancellationToken = default);

    /// <summary>
    /// Runs the model on a thread of the runner. Where requests run together and as many wait as may, the calling thread waits for room, unless <see cref="FullQueue.Reject"/> was asked for.
    /// </summary>
    /// <param name="input">The inputs. Their memory is copied before the call returns and may be reused then.</param>
    /// <param name="cancellationToken">Drops the request while it waits; ends the run between two operators of the model.</param>
    /// <returns>
    /// The outputs. Dispose them: their memory is used again. Every failure, a wrong input length and a full queue (CLV4012) too, comes with the task.
    /// </returns>
    Task<TOutput> RunAsync(TInput input, CancellationToken cancellationToken = default);

    /// <summary>
    /// Runs the model for each of several inputs that do not depend on each other, on the calling thread and those of the runner, with the cores divided among them
    /// by what they are expected to cost (<see cref="RunnerOptions.Parts"/>).
    /// </summary>
    /// <param name="inputs">The inputs, of equal or different dimensions. Their memory is copied before anything runs.</param>
    /// <param name="cancellationToken">Drops what waits; ends what runs between two operators of the model.</param>
    /// <returns>The outputs, in the order of the inputs. Dispose each: their memory is used again.</returns>
    /// <exception cref="ArgumentException">An input is null, or its length does not fit its shape; the message names the first such input, and nothing ran.</exception>
    /// <exception cref="CleaveException">
    /// One of them failed (CLV4011): the message names the one that failed first in time, which ends the others, and no output is left to dispose of.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The runner was disposed.</exception>
    TOutput[] RunMany(IReadOnlyList<TInput> inputs, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="RunMany"/>, on threads of the runner.</summary>
    /// <param name="inputs">The inputs, of equal or different dimensions. Their memory is copied before the call returns and may be reused then.</param>
    /// <param name="cancellationToken">Drops what waits; ends what runs between two operators of the model.</param>
    /// <returns>The outputs, in the order of the inputs. Dispose each. Every failure comes with the task.</returns>
    Task<TOutput[]> RunManyAsync(IReadOnlyList<TInput> inputs, CancellationToken cancellationToken = default);
}
