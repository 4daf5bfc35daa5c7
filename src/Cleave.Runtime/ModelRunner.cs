using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Batching;
using Cleave.Calls;
using Cleave.Engines;
using Cleave.Generated;
using Cleave.Jobs;
using Cleave.Tuning;

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
    private readonly CurrentEngine _current;
    private readonly Func<CallBuffers, CancellationToken, TOutput> _run;

    /// <summary>Opens the model.</summary>
    /// <param name="definition">What the generated code says of the model.</param>
    /// <param name="options">How to open and run it; null for the defaults. Read here, later changes have no effect.</param>
    /// <exception cref="CleaveException">
    /// The file is missing, damaged, or not the model that the runner was generated for; ONNX Runtime is missing or refused it.
    /// </exception>
    protected ModelRunner(ModelDefinition definition, RunnerOptions? options)
    {
        ArgumentNullException.ThrowIfNull(definition);
        _run = RunBound;
        _current = new CurrentEngine(definition, options ?? new RunnerOptions());
    }

    /// <summary>Where requests go now.</summary>
    internal RunnerEngine Engine => _current.Now;

    /// <inheritdoc/>
    /// <exception cref="CleaveException">ONNX Runtime failed (CLV4008), or as many requests wait as <see cref="BatchingOptions.MaxWaiting"/> allows (CLV4012).</exception>
    public TOutput Run(TInput input, CancellationToken cancellationToken = default) =>
        _current.Calls.Run(nameof(Run), (Runner: this, Input: input), static (s, token) => s.Runner.RunHere(s.Input, token), cancellationToken);

    /// <inheritdoc/>
    public Task<TOutput> RunAsync(TInput input, CancellationToken cancellationToken = default) =>
        _current.Calls.RunAsync(nameof(RunAsync), (Runner: this, Input: input), static (s, token) => s.Runner.Queued(s.Input, token), cancellationToken);

    /// <inheritdoc/>
    public TOutput[] RunMany(IReadOnlyList<TInput> inputs, CancellationToken cancellationToken = default) =>
        _current.Calls.Run(nameof(RunMany), (Runner: this, Inputs: inputs), static (s, token) => s.Runner.RunManyHere(s.Inputs, token), cancellationToken);

    /// <inheritdoc/>
    public Task<TOutput[]> RunManyAsync(IReadOnlyList<TInput> inputs, CancellationToken cancellationToken = default) =>
        _current.Calls.RunAsync(nameof(RunManyAsync), (Runner: this, Inputs: inputs), static (s, token) => s.Runner.StartJob(s.Inputs, token, callers: 0).Outputs, cancellationToken);

    /// <summary>
    /// What runs on the accelerator that the model was planned for, as ONNX Runtime itself says, or why nothing does. Null where the model is for the CPU: it was planned for no accelerator, or
    /// <see cref="DevicePolicy.Never"/> was asked for.
    /// </summary>
    public DeviceReport? DeviceReport => Engine.Device?.Report;

    /// <summary>
    /// Has another file's weights take the place of the present ones, while requests come and run: it is opened and warmed beside the old one, requests go to it
    /// from then on, those under way end with the old weights, and then these are freed. No request fails or waits for that, and each is of one set
    /// of weights. Until the old weights are freed, both are in memory.
    /// </summary>
    /// <param name="model">A model with the same graph: retrained, with other weights.</param>
    /// <param name="cancellationToken">Gives up while the new one is being opened.</param>
    /// <returns>
    /// Done when the old weights are freed: their file may be deleted then. Where it fails, the old weights stay, and the runner is as it was. Several
    /// reloads go one after the other.
    /// </returns>
    /// <exception cref="CleaveException">The file is missing or damaged, ONNX Runtime refused it, or it is of another graph (CLV4002).</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The runner was disposed.</exception>
    public Task ReloadAsync(ModelSource model, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        return _current.ReloadAsync(model, cancellationToken);
    }

    /// <summary>
    /// Measures which plan, and how many threads, is the fastest on this machine, for so long at most, while requests go on. The runner goes by it at once; it is written into
    /// <c>model.onnx.tune</c>, beside the model or in the folder that <c>CLEAVE_TUNE</c> names, where the next start finds it (<see href="https://github.com/cleave-net/cleave/blob/main/docs/tuning.md">Tuning</see>). A tuning that had not time
    /// enough is continued by the next one.
    /// </summary>
    /// <param name="budget">How long; half a minute is enough for most models.</param>
    /// <param name="samples">Requests to measure with, of the sizes that matter. Null: made-up ones, of the sizes that the model is planned for.</param>
    /// <param name="progress">Told what is measured now, on the thread that measures.</param>
    /// <param name="cancellationToken">Ends it; what it measured is not kept.</param>
    /// <returns>What was measured. What could not be measured or written is in its notes.</returns>
    /// <remarks>
    /// Two more sessions are open meanwhile. Where other weights or sessions take the place of the present ones, it begins anew with what is left of the time. A turn of two ways, 20 to 25 ms or two runs of the model, counts only if no request of the process begins or runs within it: under a load with shorter gaps little is measured. Runners of one process tune
    /// one after the other, and so do processes with the same folder in <c>CLEAVE_TUNE</c>.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="budget"/> is not positive.</exception>
    /// <exception cref="ArgumentException">A sample does not fit its shape.</exception>
    /// <exception cref="ObjectDisposedException">The runner was disposed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled, or the runner disposed meanwhile.</exception>
    public Task<TuningResult> TuneAsync(
        TimeSpan budget, IReadOnlyList<TInput>? samples = null, IProgress<TuningStep>? progress = null, CancellationToken cancellationToken = default) =>
        new RequestedTuning<TInput>(_current, BindInputs).RunAsync(budget, samples ?? [], progress, cancellationToken);

    /// <summary>
    /// Lets nothing new in, waits until what runs and what is queued is done, then frees the model. Outputs stay valid
    /// until they are disposed themselves. May be called more than once and from several threads; each call returns when all is done.
    /// </summary>
    public void Dispose()
    {
        _current.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>As <see cref="Dispose"/>, without blocking a thread.</summary>
    public async ValueTask DisposeAsync()
    {
        await _current.DisposeAsync().ConfigureAwait(false);
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
        RunnerEngine engine = _current.Enter();
        try
        {
            return (CallBuffers)binder.Buffers(engine);
        }
        finally
        {
            engine.Gate.Exit();
        }
    }

    /// <summary>A binder for one request. For <c>CreateCall</c> in generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected InputBinder NewBinder() => new(_current.Now);

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

    private TOutput RunHere(TInput input, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        RunnerEngine engine = _current.Enter();
        bool entered = true;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            CallBuffers buffers = BindRequest(engine, input);
            if (QueueOf(engine, buffers) is not { } queue)
                return RunBound(buffers, cancellationToken);
            if (queue.TryPass())
                return RunPassing(queue, buffers, cancellationToken);
            CallerRequest request = new(queue, engine.Gate, buffers, cancellationToken);
            // A request that fails leaves the gate.
            entered = false;
            request.Execute();
            entered = true;
            return CollectOrRelease(buffers);
        }
        finally
        {
            if (entered)
                engine.Gate.Exit();
        }
    }

    private Task<TOutput> Queued(TInput input, CancellationToken cancellationToken)
    {
        RunnerEngine? entered = null;
        try
        {
            ArgumentNullException.ThrowIfNull(input);
            RunnerEngine engine = entered = _current.Enter();
            cancellationToken.ThrowIfCancellationRequested();
            CallBuffers buffers = BindRequest(engine, input);
            if (QueueOf(engine, buffers) is { } queue)
            {
                // From here on the request leaves the gate.
                entered = null;
                TaskRequest<TInput, TOutput> request = new(this, queue, engine.Gate, buffers, cancellationToken);
                request.Start();
                return request.Outcome;
            }
            QueuedRun<CallBuffers, TOutput> run = new(engine.Gate, engine.Workers, engine.Waiting, buffers, _run, cancellationToken);
            // From here on the queued run leaves the gate.
            entered = null;
            run.Queue();
            return run.Task;
        }
        finally
        {
            entered?.Gate.Exit();
        }
    }

    private TOutput[] RunManyHere(IReadOnlyList<TInput> inputs, CancellationToken cancellationToken)
    {
        Job<TInput, TOutput> job = StartJob(inputs, cancellationToken, callers: 1);
        try
        {
            job.Work();
            return job.Outputs.GetAwaiter().GetResult();
        }
        catch (ThreadInterruptedException)
        {
            job.Abandon();
            throw;
        }
    }

    // Where the request may run with others.
    private static BatchQueue? QueueOf(RunnerEngine engine, CallBuffers buffers) => buffers.Batch.Largest > 0 ? engine.Queue : null;

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
        RunnerEngine engine = _current.Enter();
        bool entered = true;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            Job<TInput, TOutput> job = new(this, engine, JobParts.Bind(inputs, input => BindRequest(engine, input)), cancellationToken);
            // From here on the job leaves the gate.
            entered = false;
            job.Start(callers);
            return job;
        }
        finally
        {
            if (entered)
                engine.Gate.Exit();
        }
    }

    private CallBuffers BindRequest(RunnerEngine engine, TInput input)
    {
        CallBuffers buffers = BindInputs(engine, input);
        engine.Home.Recorder?.Offer(buffers.Inputs);
        return buffers;
    }

    private CallBuffers BindInputs(RunnerEngine engine, TInput input)
    {
        InputBinder binder = new(engine);
        try
        {
            Bind(input, ref binder);
            return (CallBuffers)binder.Finish();
        }
        catch
        {
            binder.Abandon();
            throw;
        }
    }
}
