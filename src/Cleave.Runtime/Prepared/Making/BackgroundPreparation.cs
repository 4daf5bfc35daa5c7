using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Calls;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.Logging;
using Cleave.Plans;
using Cleave.Sessions;
using Microsoft.Extensions.Logging;

namespace Cleave.Prepared.Making;

/// <summary>
/// Prepares what a runner opened plainly, while it serves, for the next start: into the folder that was asked for, on a thread of its own that gives way to everything, and only with memory
/// to spare. Thread-safe.
/// </summary>
internal sealed class BackgroundPreparation(
    SessionFactory factory, ModelDefinition definition, RunnerOptions options, IReadOnlyList<ChosenPlan> modes, CoreLedger ledger, RunGate gate, ProcessFiles files, ILogger logger)
{
    // Plain sessions are made beside those that serve: their weights, the packed ones, and a copy on the way.
    private const int MemoryFactor = 3;

    // What it is for a disposal that waits for it.
    private const string Work = "it is being prepared for the next start";

    private readonly CancellationTokenSource _closing = new();
    private TaskCompletionSource? _begun;

    /// <summary>Done when it is over; at once where it was not begun.</summary>
    public Task Ended => Volatile.Read(ref _begun)?.Task ?? Task.CompletedTask;

    /// <summary>Begins, where a folder was asked for that has no entry for one of the segments that are open; once.</summary>
    public void StartIfMissing()
    {
        if (factory.Prepared.Missing is not { } folder || options.IsTrial || !options.PreparesByItself || !gate.TryEnter())
        {
            return;
        }
        if (Interlocked.CompareExchange(ref _begun, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), null) != null)
        {
            gate.Exit();
            return;
        }
        gate.Begin(Work);
        try
        {
            new Thread(() => Execute(folder)) { IsBackground = true, Name = "Cleave " + definition.Name + " preparer" }.UnsafeStart();
        }
        catch (Exception e)
        {
            // No thread could be started: the runner works as it is.
            Log.NotPrepares(logger, definition.Name, folder, e.Message);
            End();
        }
    }

    /// <summary>Ends it before its next step.</summary>
    public void Stop() => _closing.Cancel();

    private void Execute(string folder)
    {
        try
        {
            PreparationPace.GiveWay();
            Action<TimeSpan, CancellationToken> wait = options.PreparationWait ?? (static (time, token) => token.WaitHandle.WaitOne(time));
            PreparationPace pace = new(ledger, TimeProvider.System, wait, _closing.Token);
            ModelPreparation preparation = new(factory, definition, modes, new FolderTrust(options.PreparedTrustGroup == true),
                new PreparationOptions(IsForAll: false, IsAsked: false, MostBytes: null, _ => pace.Next())
                {
                    AtHolding = _ => pace.NextHolding(),
                    Take = Take,
                    WhyNotNow = WhyNotNow,
                    ProbeLimit = options.ProbeLimit,
                });
            Say(folder, preparation.Run(folder));

            // No step was made while it waited, and no rest is due.
            IDisposable? Take(string folder)
            {
                IDisposable? held = FolderLock.Take(folder, wait, _closing.Token);
                pace.Begin();
                return held;
            }
        }
        catch (OperationCanceledException)
        {
            // The runner is disposed.
        }
        catch (Exception e)
        {
            // Whatever it is, the runner serves as it is, and a thread must not take the process with it.
            Log.NotPrepares(logger, definition.Name, folder, e.Message);
        }
        finally
        {
            End();
        }
    }

    private string? WhyNotNow()
    {
        long needed = MemoryFactor * factory.SessionWeightBytes;
        return new MemoryLimit(null, files).Left() is { } left && left < needed
            ? "it takes " + MemoryLimit.Megabytes(needed) + " of free memory, three times its weights, and there are " + MemoryLimit.Megabytes(left)
            : null;
    }

    private void Say(string folder, IReadOnlyList<PreparedSegment> segments)
    {
        PreparedSegment[] made = [.. segments.Where(static s => s.IsNew)];
        if (made.Length > 0)
            Log.PreparedNow(logger, definition.Name, folder, string.Join("; ", made.Select(static s => s.Segment + (s.WhyNot is { } why ? " is not prepared: " + why : ", " + MemoryLimit.Megabytes(s.Bytes)))));
        foreach (string why in segments.Where(static s => !s.IsNew).Select(static s => s.WhyNot).OfType<string>().Distinct())
            Log.NotPrepares(logger, definition.Name, folder, why);
    }

    private void End()
    {
        // First: disposal waits for the gate, and is to find it over.
        _begun!.SetResult();
        gate.End(Work);
    }
}
