using System;
using System.Runtime.ExceptionServices;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Cores;
using Cleave.Devices.Dispatch;
using Cleave.Elements;
using Cleave.Generated;
using Cleave.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Lanes;

/// <summary>
/// Runs one request after another, or one group of samples after another, over the lanes of a plan. The request's thread runs the first lane,
/// the crew's threads the others. A run is over when every lane is; the first failure stops them all.
/// </summary>
internal sealed class PlanCall : IDisposable
{
    private readonly LaneCrew? _crew;
    private readonly RunningLane[] _lanes;
    private Exception? _failure;
    private CancellationToken _token;
    private int _othersLeft;
    // Where the first lane runs, if it keeps that core busy while it waits; -1 otherwise.
    private int _processor = -1;
    private int _stopped;
    // Ends the waits for an accelerator.
    private CancellationTokenSource? _deviceWaits;

    /// <param name="outline">The plan.</param>
    /// <param name="settings">What the runner's lanes have in common.</param>
    /// <param name="crew">The threads of the lanes but the first; null where there is one.</param>
    /// <param name="sample">What the lane methods run; null: groups of samples.</param>
    /// <param name="device">What runs on an accelerator; null where nothing does.</param>
    public PlanCall(PlanOutline outline, LaneSettings settings, LaneCrew? crew, PlanSample? sample, DeviceRun? device = null)
    {
        Device = device;
        _deviceWaits = device is null ? null : new CancellationTokenSource();
        Outline = outline;
        Settings = settings;
        _crew = crew;
        IsGroup = sample is null;
        Samples = sample is null ? [] : [sample];
        Statements = outline.Lanes;
        _lanes = new RunningLane[outline.Lanes.Length];
        for (int i = 0; i < _lanes.Length; i++)
            _lanes[i] = new RunningLane(this, i);
    }

    public PlanOutline Outline { get; }

    public LaneSettings Settings { get; }

    /// <summary>What runs on an accelerator; null where nothing does.</summary>
    public DeviceRun? Device { get; }

    /// <summary>Cancelled when the request is stopped, for waits for an accelerator.</summary>
    public CancellationToken DeviceWaits => _deviceWaits!.Token;

    /// <summary>Whether the lanes go through a table instead of following their methods.</summary>
    public bool IsGroup { get; }

    public PlanSample[] Samples { get; private set; }

    /// <summary>What each lane does.</summary>
    public Statement[][] Statements { get; private set; }

    /// <summary>The sample whose failure the last run ended with.</summary>
    public int FailedSample { get; private set; }

    /// <summary>Counts the runs of this call, from 1.</summary>
    public int Number { get; private set; }

    public bool IsStopped => Volatile.Read(ref _stopped) != 0;

    public bool OthersEnded => Volatile.Read(ref _othersLeft) == 0;

    /// <summary>-1 where a lane is busy; otherwise how far the lanes have come together.</summary>
    public int ProgressIfStalled
    {
        get
        {
            int progress = 0;
            foreach (RunningLane lane in _lanes)
            {
                if (lane.IsBusy)
                    return -1;
                progress += lane.Progress;
            }
            return progress;
        }
    }

    /// <summary>Runs the plan; the calling thread runs the first lane.</summary>
    public void Run()
    {
        try
        {
            RunOnce();
        }
        finally
        {
            if (IsStopped)
                Reset();
        }
    }

    /// <summary>Runs a group of samples, as <see cref="RunWithCare"/> does one.</summary>
    public void RunGroup(PlanSample[] samples, Statement[][] statements, CancellationToken token)
    {
        Samples = samples;
        Statements = statements;
        RunWithCare(token);
    }

    /// <summary>How long the segments of each lane of the plan took in the group that has run, whichever lane ran them.</summary>
    public long[] BusyOfLanes()
    {
        long[] busy = new long[_lanes.Length];
        foreach (RunningLane lane in _lanes)
            lane.AddBusy(busy);
        return busy;
    }

    /// <summary>Runs the plan, until <paramref name="token"/> is cancelled; frees what ONNX Runtime allocated between segments.</summary>
    public void RunWithCare(CancellationToken token)
    {
        _token = token;
        CancellationTokenRegistration watch = token.UnsafeRegister(static call => ((PlanCall)call!).Stop(), this);
        try
        {
            RunOnce();
        }
        finally
        {
            // Only then does nobody stop the lanes any more.
            Exception? interrupted = End(watch);
            _token = default;
            foreach (PlanSample sample in Samples)
                sample.Drop();
            if (IsStopped)
                Reset();
            if (interrupted != null)
                ExceptionDispatchInfo.Throw(interrupted);
        }
    }

    /// <summary>Follows one of the other lanes on its own thread.</summary>
    public void FollowOther(RunningLane lane)
    {
        try
        {
            // After a pause Linux may put both on one core while another sleeps, and leaves them there for many requests.
            if (_processor >= 0 && AffinityMask.Processor() == _processor)
                AffinityMask.Leave(_processor);
            Follow(lane);
        }
        finally
        {
            EndOthers(1);
        }
    }

    /// <summary>Lets those go on that wait for a value.</summary>
    public void WakeReaders(ResultSlot value, RunningLane writer)
    {
        foreach (RunningLane lane in _lanes)
        {
            if (lane != writer)
                lane.Wake(value);
        }
    }

    /// <summary>What a lane throws that finds the request stopped.</summary>
    public Exception Released() => _token.IsCancellationRequested
        ? new OperationCanceledException("The run was cancelled.", _token)
        : new LaneReleasedException();

    /// <summary>What a lane throws when ONNX Runtime gave up.</summary>
    // The token is asked, not the options: ONNX Runtime may end the run before its binding has noted that it was told to.
    public Exception Failure(SegmentSession session, Segment segment, OnnxRuntimeException e)
    {
        if (_token.IsCancellationRequested)
            return new OperationCanceledException("The run was cancelled in the segment '" + segment.Name + "'.", e, _token);
        return IsStopped ? new LaneReleasedException() : new CleaveException(Rules.RunFailed, e, session.Place, segment.Name, e.Message + session.NodesForMessages);
    }

    public void Dispose()
    {
        foreach (RunningLane lane in _lanes)
            lane.Free();
        _deviceWaits?.Dispose();
    }

    private void RunOnce()
    {
        Number++;
        foreach (PlanSample sample in Samples)
            sample.Begin(Settings.Timeline != null);
        if (_crew is null)
            _lanes[0].Follow();
        else
            RunLanes(_crew);
    }

    // Waits for a callback that runs, also where this thread is interrupted meanwhile.
    private static ThreadInterruptedException? End(CancellationTokenRegistration watch)
    {
        ThreadInterruptedException? interrupted = null;
        while (true)
        {
            try
            {
                watch.Dispose();
                return interrupted;
            }
            catch (ThreadInterruptedException e)
            {
                interrupted = e;
            }
        }
    }

    private void RunLanes(LaneCrew crew)
    {
        int others = _lanes.Length - 1;
        int started = 0;
        _failure = null;
        FailedSample = 0;
        _processor = Settings.MaySpin ? AffinityMask.Processor() : -1;
        Volatile.Write(ref _othersLeft, others);
        try
        {
            crew.Start(_lanes, ref started);
        }
        catch (Exception e)
        {
            // No thread could be started; the lanes that wait for one already are released.
            Fail(e, sample: 0);
            EndOthers(others - started);
        }
        // Whoever stopped the request meanwhile did not find every lane in its queue.
        if (IsStopped)
            Withdraw();
        Follow(_lanes[0]);
        AwaitOthers();
        if (_failure != null)
            ExceptionDispatchInfo.Throw(_failure);
    }

    // However long that takes, and whoever interrupts this thread: they use the same buffers.
    private void AwaitOthers()
    {
        while (!OthersEnded)
        {
            try
            {
                _lanes[0].AwaitOthers();
            }
            catch (Exception e)
            {
                Fail(e, sample: 0);
            }
        }
    }

    private void Follow(RunningLane lane)
    {
        try
        {
            lane.Follow();
        }
        catch (LaneReleasedException)
        {
            // What failed elsewhere is thrown on the request's thread.
        }
        catch (Exception e)
        {
            Fail(e, lane.Sample);
        }
    }

    private void Fail(Exception e, int sample)
    {
        if (Interlocked.CompareExchange(ref _failure, e, null) is not null)
            return;
        FailedSample = sample;
        Stop();
    }

    private void Stop()
    {
        // Seen by whoever queues a lane, or the lane is seen in its queue.
        Interlocked.Exchange(ref _stopped, 1);
        foreach (RunningLane lane in _lanes)
        {
            lane.Terminate();
            lane.Wake();
        }
        try
        {
            _deviceWaits?.Cancel();
        }
        catch (AggregateException)
        {
            // Callbacks of the device's: every one was called, and the request fails with what stopped it.
        }
        Withdraw();
    }

    // Lanes that did not begin are not waited for: their threads may be busy with others' requests for long.
    private void Withdraw()
    {
        foreach (RunningLane lane in _lanes)
        {
            if (!lane.Place.Withdraw())
                continue;
            Interlocked.CompareExchange(ref _failure, Released(), null);
            EndOthers(1);
        }
    }

    private void EndOthers(int count)
    {
        if (Interlocked.Add(ref _othersLeft, -count) == 0)
            _lanes[0].Wake(null);
    }

    private void Reset()
    {
        foreach (RunningLane lane in _lanes)
            lane.Reset();
        if (_deviceWaits != null)
        {
            _deviceWaits.Dispose();
            _deviceWaits = new CancellationTokenSource();
        }
        Volatile.Write(ref _stopped, 0);
    }
}
