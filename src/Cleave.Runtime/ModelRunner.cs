using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Batching;
using Cleave.Calls;
using Cleave.Generated;
using Cleave.Jobs;

namespace Cleave;

/// <summary>Base of the generated runners: opens a model and runs it.</summary>
/// <typeparam name="TInput">The generated input class.</typeparam>
/// <typeparam name="TOutput">The generated output class.</typeparam>
/// <remarks>
/// <para>Every member may be used from several threads at once. One runner serves any number of callers: do not make copies
/// for speed.</para>
/// <para>A run that fails leaves the runner usable. Disposing lets nothing new in, and waits for what runs and what is queued.</para>
/// </remarks>
public abstract class ModelRunner<TInput, TOutput> : IModelRunner<TInput, TOutput>
    where TOutput : IDisposable
{
    private readonly RunnerEngine _engine;

    /// <summary>Opens the model.</summary>
    /// <param name="definition">What the generated code says of the model.</param>
    /// <param name="options">How to open and run it; null for the defaults. Read here, later changes have no effect.</param>
    /// <exception cref="CleaveException">
    /// The file is missing, damaged, or not the model that the runner was generated for; ONNX Runtime is missing or refused it.
    /// </exception>
    protected ModelRunner(ModelDefinition definition, RunnerOptions? options)
    {
        ArgumentNullException.ThrowIfNull(definition);
        _engine = RunnerEngine.Open(definition, options ?? new RunnerOptions());
    }

    internal RunnerEngine Engine => _engine;

    /// <inheritdoc/>
    /// <exception cref="CleaveException">ONNX Runtime failed (CLV4008).</exception>
    public TOutput Run(TInput input, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        _engine.Gate.Enter();
        bool entered = true;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            CallBuffers buffers = BindInputs(input);
            if (QueueOf(buffers) is not { } queue)
                return RunBound(buffers, cancellationToken);
            if (queue.TryPass())
                return RunPassing(queue, buffers, cancellationToken);
            CallerRequest request = new(queue, _engine.Gate, buffers, cancellationToken);
            // A request that fails leaves the gate.
            entered = false;
            request.Execute();
            entered = true;
            return CollectOrRelease(buffers);
        }
        finally
        {
            if (entered)
                _engine.Gate.Exit();
        }
    }

    /// <inheritdoc/>
    public Task<TOutput> RunAsync(TInput input, CancellationToken cancellationToken = default)
    {
        bool entered = false;
        try
        {
            ArgumentNullException.ThrowIfNull(input);
            _engine.Gate.Enter();
            entered = true;
            cancellationToken.ThrowIfCancellationRequested();
            CallBuffers buffers = BindInputs(input);
            if (QueueOf(buffers) is { } queue)
            {
                // From here on the request leaves the gate.
                entered = false;
                TaskRequest<TInput, TOutput> request = new(this, queue, buffers, cancellationToken);
                request.Start();
                return request.Outcome;
            }
            QueuedRun<TInput, TOutput> run = new(this, buffers, cancellationToken);
            // From here on the queued run leaves the gate.
            entered = false;
            run.Queue();
            return run.Task;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TOutput>(cancellationToken);
        }
        catch (Exception e)
        {
            return Task.FromException<TOutput>(e);
        }
        finally
        {
            if (entered)
                _engine.Gate.Exit();
        }
    }

    /// <inheritdoc/>
    public TOutput[] RunMany(IReadOnlyList<TInput> inputs, CancellationToken cancellationToken = default)
    {
        Job<TInput, TOutput> job = StartJob(inputs, cancellationToken, callers: 1);
        job.Work();
        return job.Outputs.GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public Task<TOutput[]> RunManyAsync(IReadOnlyList<TInput> inputs, CancellationToken cancellationToken = default)
    {
        try
        {
            return StartJob(inputs, cancellationToken, callers: 0).Outputs;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TOutput[]>(cancellationToken);
        }
        catch (Exception e)
        {
            return Task.FromException<TOutput[]>(e);
        }
    }

    /// <summary>
    /// Lets nothing new in, waits until what runs and what is queued is done, then frees the model. Outputs stay valid
    /// until they are disposed themselves. May be called more than once and from several threads; each call returns when all is done.
    /// </summary>
    public void Dispose()
    {
        _engine.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>As <see cref="Dispose"/>, without blocking a thread.</summary>
    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the dimensions and inputs of a request to the binder. Written by the generator.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected abstract void Bind(TInput input, ref InputBinder binder);

    /// <summary>Makes the output object. Written by the generator.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected abstract TOutput Collect(OutputBuffers outputs);

    /// <summary>Buffers for the dimensions that the binder was given. For <c>CreateCall</c> in generated code.</summary>
    /// <exception cref="ObjectDisposedException">The runner was disposed.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected CallBuffers Rent(ref InputBinder binder)
    {
        _engine.Gate.Enter();
        try
        {
            return binder.Buffers();
        }
        finally
        {
            _engine.Gate.Exit();
        }
    }

    /// <summary>A binder for one request. For <c>CreateCall</c> in generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected InputBinder NewBinder() => new(_engine);

    /// <summary>Runs bound inputs and makes the output object, which then owns the buffers.</summary>
    internal TOutput RunBound(CallBuffers buffers, CancellationToken cancellationToken)
    {
        int generation = buffers.Generation;
        try
        {
            buffers.Run(generation, cancellationToken);
            return Collect(new OutputBuffers(buffers));
        }
        catch
        {
            buffers.Release(generation);
            throw;
        }
    }

    /// <summary>Makes the output object of buffers that ran; gives them back where that fails.</summary>
    internal TOutput CollectOrRelease(CallBuffers buffers)
    {
        try
        {
            return Collect(new OutputBuffers(buffers));
        }
        catch
        {
            buffers.Release(buffers.Generation);
            throw;
        }
    }

    /// <summary>Makes the output object of buffers that ran.</summary>
    internal TOutput Collected(CallBuffers buffers) => Collect(new OutputBuffers(buffers));

    // Where the request may run with others.
    private BatchQueue? QueueOf(CallBuffers buffers) => buffers.Batch.Largest > 0 ? _engine.Queue : null;

    private TOutput RunPassing(BatchQueue queue, CallBuffers buffers, CancellationToken cancellationToken)
    {
        try
        {
            return RunBound(buffers, cancellationToken);
        }
        finally
        {
            queue.Leave();
        }
    }

    private Job<TInput, TOutput> StartJob(IReadOnlyList<TInput> inputs, CancellationToken cancellationToken, int callers)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        _engine.Gate.Enter();
        bool entered = true;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            Job<TInput, TOutput> job = new(this, _engine, JobParts.Bind(inputs, BindInputs), cancellationToken);
            // From here on the job leaves the gate.
            entered = false;
            job.Start(callers);
            return job;
        }
        finally
        {
            if (entered)
                _engine.Gate.Exit();
        }
    }

    private CallBuffers BindInputs(TInput input)
    {
        InputBinder binder = new(_engine);
        try
        {
            Bind(input, ref binder);
            return binder.Finish();
        }
        catch
        {
            binder.Abandon();
            throw;
        }
    }
}
