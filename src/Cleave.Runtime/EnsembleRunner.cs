using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Calls;
using Cleave.Ensembles;
using Cleave.Generated;
using Cleave.Jobs;

namespace Cleave;

/// <summary>Base of the generated runners of ensembles: opens the members, runs them on the same inputs, and combines what they give (<see href="https://github.com/cleave-net/cleave/blob/main/docs/ensembles.md">Ensembles</see>).</summary>
/// <typeparam name="TInput">The generated input class.</typeparam>
/// <typeparam name="TOutput">The generated output class.</typeparam>
/// <remarks>
/// <para>Every member may be used from several threads at once. The inputs are copied once, whatever the number of members. Members run side by side, as many
/// at once as there are cores; a request that is one of many runs its members one after the other, on one core. A request of many samples is cut into segments, which
/// instances of the members take one after the other.</para>
/// <para>A request fails where a member fails; the runner stays usable. Disposing lets nothing new in, and waits for what runs and what is queued.</para>
/// <para>The method is that of Pochelu, Petiton and Conche (arXiv 2208.14049), in one process: a crash in native code takes all members with it.</para>
/// </remarks>
public abstract class EnsembleRunner<TInput, TOutput> : IModelRunner<TInput, TOutput>
    where TOutput : IDisposable
{
    private readonly EnsembleEngine _engine;
    private readonly Action<int, MemberOutputs> _combine;
    private readonly Func<EnsembleCall, CancellationToken, TOutput> _run;

    /// <summary>Opens the members.</summary>
    /// <param name="definition">What the generated code says of the ensemble.</param>
    /// <param name="options">How to open and run it; null for the defaults. Read here, later changes have no effect.</param>
    /// <exception cref="CleaveException">
    /// A member is missing, damaged, or not the model that the runner was generated for; ONNX Runtime is missing or refused it. With <see cref="DevicePolicy.Require"/> also: a device cannot be
    /// used (CLV4020), or a member finds no room (CLV4032).
    /// </exception>
    /// <exception cref="ArgumentException">
    /// <see cref="EnsembleOptions.Cells"/> or <see cref="EnsembleOptions.DeviceCells"/> names a member or a device that there is not, or has a cell that cannot be.
    /// </exception>
    protected EnsembleRunner(EnsembleDefinition definition, EnsembleOptions? options)
    {
        ArgumentNullException.ThrowIfNull(definition);
        _combine = CombineOutput;
        _run = RunBound;
        _engine = new EnsembleEngine(definition, options ?? new EnsembleOptions());
    }

    internal EnsembleEngine Engine => _engine;

    /// <summary>The members, by their paths in the project; by its <c>Link</c> one that has it.</summary>
    public IReadOnlyList<string> Members => [.. _engine.Members.Select(m => m.Name)];

    /// <inheritdoc/>
    /// <exception cref="CleaveException">
    /// A member failed (CLV4030), the outputs cannot be combined (CLV4031), or as many segments are under way as <see cref="EnsembleOptions.MostSegments"/> allows (CLV4012).
    /// </exception>
    public TOutput Run(TInput input, CancellationToken cancellationToken = default) =>
        _engine.Calls.Run(nameof(Run), (Runner: this, Input: input), static (s, token) => s.Runner.RunHere(s.Input, token), cancellationToken);

    /// <inheritdoc/>
    public Task<TOutput> RunAsync(TInput input, CancellationToken cancellationToken = default) =>
        _engine.Calls.RunAsync(nameof(RunAsync), (Runner: this, Input: input), static (s, token) => s.Runner.Queued(s.Input, token), cancellationToken);

    /// <summary>Runs the ensemble for each of several inputs that do not depend on each other, on threads of the runner, as if each came by itself, and waits for them.</summary>
    /// <inheritdoc/>
    public TOutput[] RunMany(IReadOnlyList<TInput> inputs, CancellationToken cancellationToken = default) =>
        _engine.Calls.Run(nameof(RunMany), (Runner: this, Inputs: inputs), static (s, token) => s.Runner.Several(s.Inputs, token).Run(), cancellationToken);

    /// <inheritdoc/>
    public Task<TOutput[]> RunManyAsync(IReadOnlyList<TInput> inputs, CancellationToken cancellationToken = default) =>
        _engine.Calls.RunAsync(nameof(RunManyAsync), (Runner: this, Inputs: inputs), static (s, token) => s.Runner.Several(s.Inputs, token).RunAsync(), cancellationToken);

    /// <summary>
    /// Has another file's weights take the place of a member's present ones, while requests come and run; the other members are not touched. As
    /// <see cref="ModelRunner{TInput,TOutput}.ReloadAsync"/> of one model: each request has of each member one set of weights, also one that is cut into segments.
    /// </summary>
    /// <param name="member">One of <see cref="Members"/>.</param>
    /// <param name="model">A model with the same graph: retrained, with other weights.</param>
    /// <param name="cancellationToken">Gives up while the new one is being opened.</param>
    /// <returns>Done when the old weights are freed. Where it fails, the old weights stay.</returns>
    /// <exception cref="ArgumentException">There is no such member.</exception>
    /// <exception cref="CleaveException">The file is missing or damaged, ONNX Runtime refused it, or it is of another graph (CLV4002).</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The runner was disposed.</exception>
    public Task ReloadMemberAsync(string member, ModelSource model, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(member);
        ArgumentNullException.ThrowIfNull(model);
        return _engine.ReloadAsync(member, model, cancellationToken);
    }

    /// <summary>How its members do: which of them answer, which fail, and what the last failure said. May be called at any time, on any thread; it takes nothing from requests.</summary>
    public EnsembleSnapshot TakeSnapshot() => _engine.Snapshot();

    /// <summary>
    /// Lets nothing new in, waits until what runs and what is queued is done, then frees the members. Outputs stay valid until they are disposed themselves. May be
    /// called more than once and from several threads; each call returns when all is done.
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

    /// <summary>Combines an output by the application's rule. Written by the generator, where there is one.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected virtual void CombineOutput(int output, MemberOutputs members) =>
        throw new InvalidOperationException("The ensemble '" + _engine.Name + "' has no rule for its output " + output.ToString(CultureInfo.InvariantCulture) + ".");

    private TOutput RunHere(TInput input, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        _engine.Gate.Enter();
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            return RunBound(BindInputs(input), cancellationToken);
        }
        finally
        {
            _engine.Gate.Exit();
        }
    }

    private Task<TOutput> Queued(TInput input, CancellationToken cancellationToken)
    {
        bool entered = false;
        try
        {
            ArgumentNullException.ThrowIfNull(input);
            _engine.Gate.Enter();
            entered = true;
            cancellationToken.ThrowIfCancellationRequested();
            QueuedRun<EnsembleCall, TOutput> task = new(_engine.Gate, _engine.Workers, _engine.Waiting, BindInputs(input), _run, cancellationToken);
            // From here on the task leaves the gate.
            entered = false;
            task.Queue();
            return task.Task;
        }
        finally
        {
            if (entered)
                _engine.Gate.Exit();
        }
    }

    private TOutput RunBound(EnsembleCall call, CancellationToken cancellationToken)
    {
        int generation = call.Generation;
        try
        {
            call.Run(_combine, cancellationToken);
            return Collect(new OutputBuffers(call));
        }
        catch
        {
            call.Release(generation);
            throw;
        }
    }

    private EnsembleCall BindInputs(TInput input)
    {
        InputBinder binder = new(_engine);
        try
        {
            Bind(input, ref binder);
            return (EnsembleCall)binder.Finish();
        }
        catch
        {
            binder.Abandon();
            throw;
        }
    }

    private SeveralRequests<TOutput> Several(IReadOnlyList<TInput> inputs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        _engine.Gate.Enter();
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            EnsembleCall[] calls = JobParts.Bind(inputs, BindInputs);
            SeveralRequests<TOutput> requests = new(_engine, calls, _run, cancellationToken);
            // Each request enters for itself, before this one leaves.
            foreach (EnsembleCall _ in calls)
                _engine.Gate.EnterAgain();
            return requests;
        }
        finally
        {
            _engine.Gate.Exit();
        }
    }
}
