using System;
using System.Runtime.ExceptionServices;
using System.Threading;
using Cleave.Calls;
using Cleave.Core.Diagnostics;
using Cleave.Elements;
using Cleave.Generated;
using Cleave.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Lanes;

/// <summary>
/// A plan bound to the buffers of one call: runs one request after another. The request's thread runs the first lane, the
/// crew's threads the others. A run is over when every lane is; the first failure stops them all.
/// </summary>
internal sealed class PlanCall : IDisposable
{
    private static long _requests;

    private readonly LaneCrew? _crew;
    private readonly RunningLane[] _lanes;
    private Exception? _failure;
    private CancellationToken _token;
    private int _othersLeft;
    private int _stopped;

    public PlanCall(PlanOutline outline, LaneSettings settings, LaneCrew? crew, SegmentCall[] segments, ResultSlot[] results)
    {
        Outline = outline;
        Settings = settings;
        _crew = crew;
        Segments = segments;
        Results = results;
        _lanes = new RunningLane[outline.Lanes.Length];
        for (int i = 0; i < _lanes.Length; i++)
            _lanes[i] = new RunningLane(this, i);
    }

    public PlanOutline Outline { get; }

    public LaneSettings Settings { get; }

    public SegmentCall[] Segments { get; }

    public ResultSlot[] Results { get; }

    /// <summary>Counts the runs of this call, from 1.</summary>
    public int Number { get; private set; }

    /// <summary>Counts the runs of the process, where they are recorded.</summary>
    public long Request { get; private set; }

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
            // Waits for a callback that runs: only then does nobody stop the lanes any more.
            watch.Dispose();
            _token = default;
            foreach (ResultSlot result in Results)
                result.Drop();
            if (IsStopped)
                Reset();
        }
    }

    /// <summary>Follows one of the other lanes on its own thread.</summary>
    public void FollowOther(RunningLane lane)
    {
        Follow(lane);
        EndOthers(1);
    }

    public void WakeAll(RunningLane but)
    {
        foreach (RunningLane lane in _lanes)
        {
            if (lane != but)
                lane.Wake();
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
        return IsStopped ? new LaneReleasedException() : new CleaveException(Rules.RunFailed, e, session.Model, segment.Name, e.Message + session.NodesForMessages);
    }

    public void Dispose()
    {
        foreach (RunningLane lane in _lanes)
            lane.Free();
        foreach (SegmentCall segment in Segments)
            segment.Dispose();
    }

    private void RunOnce()
    {
        Number++;
        if (Settings.Timeline != null)
            Request = Interlocked.Increment(ref _requests);
        if (_crew is null)
            _lanes[0].Follow();
        else
            RunLanes(_crew);
    }

    private void RunLanes(LaneCrew crew)
    {
        int others = _lanes.Length - 1;
        int started = 0;
        _failure = null;
        Volatile.Write(ref _othersLeft, others);
        try
        {
            crew.Start(_lanes, ref started);
        }
        catch (Exception e)
        {
            // No thread could be started; the lanes that wait for one already are released.
            Fail(e);
            EndOthers(others - started);
        }
        Follow(_lanes[0]);
        _lanes[0].AwaitOthers();
        if (_failure != null)
            ExceptionDispatchInfo.Throw(_failure);
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
            Fail(e);
        }
    }

    private void Fail(Exception e)
    {
        if (Interlocked.CompareExchange(ref _failure, e, null) is null)
            Stop();
    }

    private void Stop()
    {
        Volatile.Write(ref _stopped, 1);
        foreach (RunningLane lane in _lanes)
        {
            lane.Terminate();
            lane.Wake();
        }
    }

    private void EndOthers(int count)
    {
        if (Interlocked.Add(ref _othersLeft, -count) == 0)
            _lanes[0].Wake();
    }

    private void Reset()
    {
        foreach (RunningLane lane in _lanes)
            lane.Reset();
        Volatile.Write(ref _stopped, 0);
    }
}
