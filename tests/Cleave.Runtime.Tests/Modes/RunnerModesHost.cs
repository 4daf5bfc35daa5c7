using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.Modes;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using Xunit;

namespace Cleave.Runtime.Tests.Modes;

/// <summary>What tests of modes have: a ledger with a clock of its own, and runners of two towers that note which sessions they make.</summary>
public abstract class RunnerModesHost
{
    private protected static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly ConcurrentQueue<(string Segment, int Threads)> _made = new();

    private protected ManualClock Clock { get; } = new();

    private protected ListLogger Logger { get; } = new();

    // The threads on which sessions were made, but for the first one.
    private protected ConcurrentQueue<string?> Makers { get; } = new();

    private protected static bool Near(float a, float b) => Math.Abs(a - b) <= 1e-5f * (1 + Math.Abs(a));

    private protected static float[] Run(LooseRunner runner, float[] x)
    {
        using LooseOutput output = runner.Run(Towers.Request(x));
        return output.Get<float>(0).Span.ToArray();
    }

    private protected void Ask(LooseRunner runner, int requests)
    {
        for (int i = 0; i < requests; i++)
        {
            Run(runner, Towers.Input(1));
            Clock.Pass(0.5);
        }
    }

    // So many requests begin, one after another, and then end.
    private protected Turn[] Together(LooseRunner runner, int requests)
    {
        RequestTimes times = runner.Engine.Times.Of([]);
        Turn[] turns = [.. Enumerable.Range(0, requests).Select(_ => runner.Engine.Modes.Enter(times, CancellationToken.None))];
        foreach (Turn turn in turns)
            runner.Engine.Modes.Leave(turn, times, succeeded: true);
        Clock.Pass(0.5);
        return turns;
    }

    private protected static void Open(LooseRunner runner, int mode) => Assert.True(SpinWait.SpinUntil(() => runner.Engine.Modes.Find(mode) != null, Patience));

    private protected int[] Threads() => [.. _made.Select(static m => m.Threads)];

    private protected CoreLedger Ledger(int cores) => Ledgers.Own(cores, Clock);

    // The whole model with as many threads as cores.
    private protected static Func<Plan, Budget[]> Rows(params int[] cores) => plan => [.. cores.Select(c => new Budget(c, plan, c))];

    private protected LooseRunner Runner(CoreLedger ledger, int cores, Func<Plan, Budget[]> rows, Action<RunnerOptions>? change = null)
    {
        ModelProto model = Towers.Model();
        ModelDefinition plain = Definitions.Of(model);
        RunnerOptions options = new()
        {
            Ledger = ledger,
            Cores = cores,
            Logger = Logger,
            Model = ModelSource.Bytes(model.ToByteArray()),
            ConfigureSession = (_, segment) =>
            {
                if (!_made.IsEmpty)
                    Makers.Enqueue(Thread.CurrentThread.Name);
                _made.Enqueue((segment.Segment, segment.Threads));
            },
        };
        change?.Invoke(options);
        return new LooseRunner(Definitions.Of(model, rows(Definitions.Whole(plain.Inputs, plain.Outputs))), options);
    }
}
