using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Calls;
using Cleave.Core.Graph;
using Cleave.Elements;
using Cleave.Engines;
using Cleave.Generated;
using Cleave.Modes;

namespace Cleave.Ensembles;

/// <summary>An opened member: its model, and how its inputs and dimensions follow from the ensemble's. Thread-safe.</summary>
internal sealed class MemberModel : IDisposable, IAsyncDisposable
{
    // How much the last run counts against those before it.
    private const float Newest = 0.2f;

    // Each so many runs one is timed: a model of microseconds would notice more.
    private const uint Untimed = 8;

    private readonly EnsembleMember _member;
    private readonly CurrentEngine _engine;
    // Of each symbolic dimension, in the model's order: an input that has it, and the axis.
    private readonly (int Input, int Axis)[] _symbols;
    private float _seconds;
    // Races lose a sample, no more.
    private uint _runs;

    public MemberModel(EnsembleMember member, RunnerOptions options)
    {
        _member = member;
        _symbols = Symbols(member.Model.Inputs);
        Cores = options.Cores;
        _engine = new CurrentEngine(member.Model, options, isMember: true);
    }

    public string Name => _member.Name;

    /// <summary>The most cores that it was opened for; null: as many as there are.</summary>
    public int? Cores { get; }

    /// <summary>How its runs go; those of its instances, too.</summary>
    public MemberCounts Counts { get; } = new();

    /// <summary>What a run took lately.</summary>
    public float Seconds => Volatile.Read(ref _seconds);

    public ElementType OutputType(int place) => _member.Model.Outputs[place].Element.Type;

    /// <summary>Memory for a whole output that comes in parts.</summary>
    public OutputSlot NewWhole(int place) => _member.Model.Outputs[place].Element.NewCombined(_member.Model.Outputs[place].Name);

    public CurrentEngine Current => _engine;

    /// <summary>Notes what a run took. Races lose a sample, no more.</summary>
    public void Took(double seconds)
    {
        float before = Seconds;
        Volatile.Write(ref _seconds, before == 0 ? (float)seconds : before + Newest * ((float)seconds - before));
    }

    /// <summary>Buffers whose inputs lie where the ensemble has them.</summary>
    public CallBuffers NewBuffers(InputSlot[] inputs)
    {
        RunnerEngine engine = _engine.Enter();
        try
        {
            return NewBuffers(engine, inputs);
        }
        finally
        {
            engine.Gate.Exit();
        }
    }

    /// <summary>The same, bound to an engine that the caller has entered.</summary>
    public CallBuffers NewBuffers(RunnerEngine engine, InputSlot[] inputs)
    {
        InputSlot[] mine = new InputSlot[_member.Inputs.Length];
        for (int i = 0; i < mine.Length; i++)
            mine[i] = inputs[_member.Inputs[i]].Shared(_member.Model.Inputs[i].Name);
        CallBuffers buffers = new(engine, engine.Pool, Dims(Array.ConvertAll(mine, static i => i.Shape)), mine);
        engine.Pool.Join();
        return buffers;
    }

    /// <summary>Has such buffers, of some samples of a request, read others of it, in an engine that the caller has entered.</summary>
    public void Move(CallBuffers buffers, RunnerEngine engine, InputSlot[] inputs, int at) =>
        buffers.MoveInputs(engine, inputs, _member.Inputs, at);

    /// <summary>Runs it once over such buffers, on this thread, with the cores that the ledger offers.</summary>
    /// <param name="buffers">The buffers.</param>
    /// <param name="core">The thread's core; a member that takes more than one, or chooses, enters for itself instead.</param>
    /// <param name="token">Ends it.</param>
    public void Run(CallBuffers buffers, ref EnteredCore core, CancellationToken token)
    {
        RunnerEngine engine = _engine.Enter();
        try
        {
            bool isTimed = (_runs++ & (Untimed - 1)) == 0;
            long start = isTimed ? engine.Modes.Ledger.Now : 0;
            if (RunsOnOneCore(engine))
            {
                core.Enter();
                RunPlanned(engine, buffers, token);
            }
            else
            {
                // Entered twice, it would count as two requests, and be offered half of its share.
                core.Leave();
                buffers.Run(engine, buffers.Generation, token);
            }
            if (isTimed)
                Took(engine.Modes.Ledger.Seconds(start, engine.Modes.Ledger.Now));
        }
        finally
        {
            engine.Gate.Exit();
        }
    }

    /// <summary>Runs it once with the cores that it was opened for, whatever else runs: a cell of the matrix says how many. The caller has entered the engine.</summary>
    public static void RunAsOpened(RunnerEngine engine, CallBuffers buffers, CancellationToken token)
    {
        Turn turn = engine.Modes.EnterOn(engine.Modes.Planned, token);
        try
        {
            buffers.RunIn(engine, turn.Mode, buffers.Generation, token);
        }
        finally
        {
            engine.Modes.Leave(turn);
        }
    }

    // Nothing to choose, and no core more to take.
    private static bool RunsOnOneCore(RunnerEngine engine) =>
        engine.Modes is { Count: 1, Planned.Cores: 1, Hint: not RunnerHint.Background } && engine.Divider is null;

    private static void RunPlanned(RunnerEngine engine, CallBuffers buffers, CancellationToken token)
    {
        RunnerMode mode = engine.Modes.Planned;
        mode.Begin();
        try
        {
            buffers.RunIn(engine, mode, buffers.Generation, token);
        }
        finally
        {
            mode.End();
        }
    }

    public void Dispose() => _engine.Dispose();

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    /// <summary>The dimensions of a request whose inputs have these shapes, as <see cref="ShapeTable"/> has them: the symbolic ones, then for each input of unknown rank its rank and dimensions.</summary>
    public int[] Dims(int[][] shapes)
    {
        List<int> dims = [];
        foreach ((int input, int axis) in _symbols)
            dims.Add(shapes[input][axis]);
        for (int i = 0; i < shapes.Length; i++)
        {
            if (_member.Model.Inputs[i].Shape is null)
                dims.AddRange([shapes[i].Length, .. shapes[i]]);
        }
        return [.. dims];
    }

    private static (int, int)[] Symbols(Value[] inputs)
    {
        List<(int, int)> places = [];
        HashSet<string> known = new(StringComparer.Ordinal);
        for (int i = 0; i < inputs.Length; i++)
        {
            Dim[] shape = inputs[i].Shape ?? [];
            for (int axis = 0; axis < shape.Length; axis++)
            {
                if (shape[axis].Name is { } name && known.Add(name))
                    places.Add((i, axis));
            }
        }
        return [.. places];
    }
}
