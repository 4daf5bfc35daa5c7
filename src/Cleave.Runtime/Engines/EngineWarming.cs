using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Calls;
using Cleave.Elements;
using Cleave.Generated;
using Cleave.Logging;
using Cleave.Modes;

namespace Cleave.Engines;

/// <summary>Readies an engine that was opened beside another for the requests of that one.</summary>
internal static class EngineWarming
{
    // As many sets of dimensions as are warmed for: requests come in a few.
    private const int MostWarmed = 8;

    /// <summary>
    /// Opens the modes that another engine of the model has open, and runs each for the dimensions that came there last: with the inputs of a request, where there are buffers that
    /// nobody uses now, else with made-up ones.
    /// </summary>
    /// <param name="engine">The engine.</param>
    /// <param name="other">The other one.</param>
    /// <param name="instances">The threads of the sessions to open instead, besides the planned one; null: those that it has.</param>
    /// <param name="token">Gives up.</param>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was cancelled.</exception>
    /// <exception cref="CleaveException">Prepared files are not as they should be, and ONNX Runtime refuses the model.</exception>
    public static void WarmLike(this RunnerEngine engine, RunnerEngine other, int[]? instances, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        engine.Modes.Exchange.Exchanges = other.Modes.Exchange.Exchanges;
        // No request shall be the first to hear that it cannot run.
        engine.Plan.Checked();
        engine.Device?.Mode?.Plan.Checked();
        if (instances is null)
            engine.Modes.OpenLike(other.Modes);
        else
            engine.Modes.OpenFor(instances);
        List<CallBuffers> recent = other.Pool.TakeRecent(MostWarmed);
        try
        {
            foreach (CallBuffers inputs in recent)
                Warm(engine, inputs.Dims, inputs.CopyInputsTo, isKept: true, token);
        }
        finally
        {
            // The one used last comes to the front last.
            for (int i = recent.Count - 1; i >= 0; i--)
                recent[i].Release(recent[i].Generation);
        }
        // Of calls that somebody keeps, of requests under way, and all of an ensemble's members: these have buffers of their own.
        foreach (int[] dims in other.Pool.Noted.Except(recent.Select(static r => r.Dims), DimensionsComparer.Instance).Take(MostWarmed - recent.Count))
            Warm(engine, dims, static made => Array.ForEach(made.Inputs, MadeUpInputs.Fill), isKept: false, token);
        token.ThrowIfCancellationRequested();
    }

    private static void Warm(RunnerEngine engine, int[] dims, Action<CallBuffers> fill, bool isKept, CancellationToken token)
    {
        CallBuffers buffers = engine.Pool.Rent(dims);
        engine.Modes.Ledger.EnterBackground();
        try
        {
            fill(buffers);
            for (int i = 0; i < engine.Modes.Count; i++)
            {
                foreach (RunnerMode mode in engine.Modes.Instances(i))
                    buffers.Warm(mode, token);
            }
            if (engine.Device?.InUse is { } device)
                buffers.Warm(device, token);
        }
        catch (CleaveException e)
        {
            // A call that nobody filled, or a request that failed, too, left such inputs; and made-up ones do not fit every model.
            Log.NotWarmed(engine.Logger, engine.Name, e.Message, e);
        }
        finally
        {
            engine.Modes.Ledger.LeaveBackground(1);
            if (isKept)
                buffers.Release(buffers.Generation);
            else
                buffers.Leave();
        }
    }
}
