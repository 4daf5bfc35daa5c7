using System.Collections.Generic;
using System.Threading;
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
    /// Opens the modes that another engine of the model has open, and runs each with the inputs that came there last, in so far as nobody uses their buffers now. Made-up ones could run
    /// without end, or end the process.
    /// </summary>
    /// <param name="engine">The engine.</param>
    /// <param name="other">The other one.</param>
    /// <param name="instances">The threads of the sessions to open instead, besides the planned one; null: those that it has.</param>
    /// <param name="token">Gives up.</param>
    /// <exception cref="System.OperationCanceledException"><paramref name="token"/> was cancelled.</exception>
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
                Warm(engine, inputs, token);
        }
        finally
        {
            // The one used last comes to the front last.
            for (int i = recent.Count - 1; i >= 0; i--)
                recent[i].Release(recent[i].Generation);
        }
        token.ThrowIfCancellationRequested();
    }

    private static void Warm(RunnerEngine engine, CallBuffers inputs, CancellationToken token)
    {
        CallBuffers buffers = engine.Pool.Rent(inputs.Dims);
        engine.Modes.Ledger.EnterBackground();
        try
        {
            inputs.CopyInputsTo(buffers);
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
            // A call that nobody filled, or a request that failed, too, left such inputs.
            Log.NotWarmed(engine.Logger, engine.Name, e.Message, e);
        }
        finally
        {
            engine.Modes.Ledger.LeaveBackground(1);
            buffers.Release(buffers.Generation);
        }
    }
}
