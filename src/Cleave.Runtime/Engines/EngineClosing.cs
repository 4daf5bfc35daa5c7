using System;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Calls;
using Cleave.Cores;
using Cleave.Devices.Dispatch;
using Cleave.Modes;
using Cleave.Sessions;
using Cleave.Sources;
using Microsoft.Extensions.Logging;

namespace Cleave.Engines;

/// <summary>The end of an engine: when its requests are over, its threads end, and what it holds is freed. Thread-safe.</summary>
internal sealed class EngineClosing(RunnerEngine engine, ILogger logger)
{
    private readonly DisposalWait _wait = new(engine.Name, engine.Gate, "plan " + engine.Plan.Outline.Plan.Name, engine.Workers, logger);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How often it says what it waits for.</summary>
    public TimeSpan Step
    {
        get => _wait.Step;
        set => _wait.Step = value;
    }

    /// <summary>Closes it, and blocks until it is freed, whoever closed it first.</summary>
    public void Close()
    {
        if (engine.Gate.Close())
        {
            long start = Stopwatch.GetTimestamp();
            try
            {
                HurryUp();
                _wait.Wait(engine.Gate.Drained, start);
                // Not for all in one: that task would end on the thread pool.
                foreach (Task threads in StopThreads())
                    _wait.Wait(threads, start);
            }
            catch (ThreadInterruptedException)
            {
                // Somebody wants this thread elsewhere; others that dispose wait for the end all the same.
                _ = CloseAsync(start);
                throw;
            }
            Free();
        }
        // Another thread disposes, and says what it waits for.
        while (!_closed.Task.Wait(Step))
        {
        }
    }

    /// <summary>Closes it. Done when it is freed, whoever closed it first.</summary>
    public async ValueTask CloseAsync()
    {
        if (engine.Gate.Close())
            await CloseAsync(Stopwatch.GetTimestamp()).ConfigureAwait(false);
        await _closed.Task.ConfigureAwait(false);
    }

    /// <summary>Frees what was opened for an engine, and gives back what others of the process may have now.</summary>
    public static void Free(OpenedModel model, SessionTable? sessions, RunnerModes? modes, DeviceMode? device)
    {
        try
        {
            if (device?.Mode?.Plan.Device is { } side)
            {
                side.Dispose();
                side.Device.Dispose();
            }
            sessions?.Dispose();
            model.Dispose();
        }
        finally
        {
            foreach (ProcessorLease lease in modes?.Leases ?? [])
                modes!.Ledger.Pinned.Return(lease);
            modes?.Memory.Close();
        }
    }

    private async Task CloseAsync(long start)
    {
        HurryUp();
        await _wait.WaitAsync(engine.Gate.Drained, start).ConfigureAwait(false);
        await _wait.WaitAsync(Task.WhenAll(StopThreads()), start).ConfigureAwait(false);
        Free();
    }

    // What need not be finished.
    private void HurryUp()
    {
        engine.Queue?.Hurry();
        engine.Tuning.Stop();
        engine.Preparing.Stop();
    }

    // Each is done when it has ended.
    private Task[] StopThreads()
    {
        engine.Workers.Stop();
        engine.Modes.Stop();
        engine.Device?.Mode?.Stop();
        return [engine.Workers.Ended, .. engine.Modes.Ended, .. engine.Device?.Mode?.Ended ?? []];
    }

    private void Free()
    {
        try
        {
            engine.Modes.Ledger.Runners.Remove(engine.Listed);
            engine.Pool.Close();
            engine.Joined?.Pool.Close();
        }
        finally
        {
            try
            {
                Free(engine.Model, engine.Sessions, engine.Modes, engine.Device);
            }
            finally
            {
                _closed.SetResult();
            }
        }
    }
}
