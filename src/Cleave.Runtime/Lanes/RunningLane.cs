using System;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using Cleave.Calls;
using Cleave.Elements;
using Cleave.Generated;
using Cleave.Timelines;
using Cleave.Workers;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Lanes;

/// <summary>A lane of one call: follows its method, statement by statement. Used by one thread at a time.</summary>
internal sealed class RunningLane : Lane, IWorkItem
{
    private readonly PlanCall _call;
    private readonly int _number;
    private readonly Statement[] _statements;
    private readonly Action<Lane> _method;
    private readonly Timeline? _timeline;
    private readonly RunOptions _options = new();
    private readonly LaneWait _wait;
    private int _next;
    private int _begun;
    private bool _inSegment;

    public RunningLane(PlanCall call, int number)
    {
        _call = call;
        _number = number;
        _statements = call.Outline.Lanes[number];
        _method = call.Outline.Plan.Lanes[number];
        _timeline = call.Settings.Timeline;
        _wait = new LaneWait(call);
    }

    /// <summary>How many statements of the present request it has come to.</summary>
    public int Progress => Volatile.Read(ref _next);

    /// <summary>Whether it is busy with a segment, or with earlier requests.</summary>
    public bool IsBusy => Volatile.Read(ref _inSegment) || Volatile.Read(ref _begun) != _call.Number;

    /// <summary>Calls the lane's method on the calling thread.</summary>
    public void Follow()
    {
        Volatile.Write(ref _next, 0);
        Volatile.Write(ref _begun, _call.Number);
        _method(this);
        if (_next != _statements.Length)
            throw Strays("ended");
    }

    /// <summary>As a part of a request that another thread waits for.</summary>
    public void Execute() => _call.FollowOther(this);

    public override void Run(Segment segment)
    {
        SegmentCall run = _call.Segments[Next(StatementKind.Run, segment)];
        if (_call.IsStopped)
            throw _call.Released();
        long start = _timeline is null ? 0 : Stopwatch.GetTimestamp();
        try
        {
            Volatile.Write(ref _inSegment, true);
            run.Run(_options);
        }
        catch (OnnxRuntimeException e)
        {
            throw _call.Failure(run.Session, segment, e);
        }
        finally
        {
            Volatile.Write(ref _inSegment, false);
        }
        _timeline?.Add(new TimelineSpan(_call.Outline, _number, segment.Name, IsWait: false, _call.Request, start, Stopwatch.GetTimestamp()));
    }

    public override void Send(Value value)
    {
        ResultSlot slot = _call.Results[Next(StatementKind.Send, value)];
        slot.Publish(_call.Number);
        _call.WakeAll(but: this);
    }

    public override void Receive(Value value)
    {
        ResultSlot slot = _call.Results[Next(StatementKind.Receive, value)];
        if (!slot.IsPublished(_call.Number))
            Await(slot, value.Name);
        if (_call.IsStopped)
            throw _call.Released();
    }

    /// <summary>Waits until the other lanes have ended, however long that takes: they use the same buffers.</summary>
    public void AwaitOthers()
    {
        while (!_call.OthersEnded && !_wait.Wait(null, _call.Settings.MaySpin, Timeout.InfiniteTimeSpan))
        {
        }
    }

    public void Wake() => _wait.Wake();

    /// <summary>Ends the segment that runs between two of its operators, or makes the next one fail.</summary>
    public void Terminate() => _options.Terminate = true;

    /// <summary>After <see cref="Terminate"/>, once the lane has ended.</summary>
    public void Reset() => _options.Terminate = false;

    public void Free() => _options.Dispose();

    private void Await(ResultSlot slot, string value)
    {
        long start = Stopwatch.GetTimestamp();
        int seen = -1;
        while (!_wait.Wait(slot, _call.Settings.MaySpin, _call.Settings.StallStep))
        {
            // Somebody who steps through the code takes his time.
            int progress = _call.ProgressIfStalled;
            if (progress >= 0 && progress == seen && !Debugger.IsAttached)
            {
                throw _call.Outline.Broken(string.Create(CultureInfo.InvariantCulture,
                    $"{_call.Outline.LaneName(_number)} waited {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s for the value '{value}', and no lane goes on"));
            }
            seen = progress;
        }
        _timeline?.Add(new TimelineSpan(_call.Outline, _number, value, IsWait: true, _call.Request, start, Stopwatch.GetTimestamp()));
    }

    // What was read when the runner opened says where the segment or value is, and that nobody waits for ever.
    private int Next(StatementKind kind, object subject)
    {
        int at = _next;
        if (at >= _statements.Length || _statements[at].Kind != kind || !ReferenceEquals(_statements[at].Subject, subject))
            throw Strays("came to " + new Statement(kind, subject, 0));
        Volatile.Write(ref _next, at + 1);
        return _statements[at].Index;
    }

    private CleaveException Strays(string did) => _call.Outline.Broken(
        _call.Outline.LaneName(_number) + " " + did + (_next < _statements.Length
            ? " where " + _statements[_next] + " stood when the runner was opened"
            : " where it ended when the runner was opened")
        + "; a lane method makes the same statements each time");
}
