using System;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using Cleave.Calls;
using Cleave.Devices.Dispatch;
using Cleave.Elements;
using Cleave.Generated;
using Cleave.Timelines;
using Cleave.Workers;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Lanes;

/// <summary>
/// A lane of one call: follows its method, statement by statement; for a group of samples, a table of such statements. Used by one thread at a time.
/// </summary>
internal sealed class RunningLane : Lane, IWorkItem
{
    private readonly PlanCall _call;
    private readonly int _number;
    private readonly Action<Lane> _method;
    private readonly Timeline? _timeline;
    private readonly RunOptions _options = new();
    // Null where there is one lane, which waits for nobody.
    private readonly LaneWait? _wait;
    private Statement[] _statements = [];
    private long[]? _busy;
    private int _next;
    private int _begun;
    private bool _inSegment;

    public RunningLane(PlanCall call, int number)
    {
        _call = call;
        _number = number;
        _method = call.Outline.Plan.Lanes[number];
        _timeline = call.Settings.Timeline;
        _wait = call.Outline.Lanes.Length > 1 ? new LaneWait(call) : null;
    }

    /// <summary>How many statements of the present request it has come to.</summary>
    public int Progress => Volatile.Read(ref _next);

    /// <summary>Whether it is busy with a segment, or with earlier requests.</summary>
    public bool IsBusy => Volatile.Read(ref _inSegment) || Volatile.Read(ref _begun) != _call.Number;

    /// <summary>The sample of the statement that it has come to.</summary>
    public int Sample => _next == 0 ? 0 : _statements[_next - 1].Sample;

    /// <summary>Adds how long it was busy in the last run with the segments of each lane of the plan. Groups only.</summary>
    public void AddBusy(Span<long> lanes)
    {
        for (int i = 0; i < lanes.Length; i++)
            lanes[i] += _busy![i];
    }

    /// <summary>Does what the lane is to do, on the calling thread.</summary>
    public void Follow()
    {
        _statements = _call.Statements[_number];
        Volatile.Write(ref _next, 0);
        Volatile.Write(ref _begun, _call.Number);
        if (_call.IsGroup)
            FollowTable();
        else if (Launcher is { } device)
            FollowOnDevice(device);
        else
            FollowMethod();
    }

    /// <summary>Its place in the queue of its thread. Not the first lane's.</summary>
    public LanePlace Place { get; } = new();

    /// <summary>As a part of a request that another thread waits for, unless that was stopped before.</summary>
    public void Execute()
    {
        if (Place.Begin())
            _call.FollowOther(this);
    }

    public override void Run(Segment segment) => Do(Next(StatementKind.Run, segment));

    public override void Launch(Segment segment) => Do(Next(StatementKind.Run, segment));

    public override void Send(Value value) => Do(Next(StatementKind.Send, value));

    public override void Receive(Value value) => Do(Next(StatementKind.Receive, value));

    /// <summary>Waits until the other lanes have ended, or its thread is interrupted.</summary>
    public void AwaitOthers()
    {
        while (!_call.OthersEnded && !_wait!.Wait(null, 0, _call.Settings.MaySpin, Timeout.InfiniteTimeSpan))
        {
        }
    }

    /// <summary>Ends its wait for that value, or (null) for the end of the others.</summary>
    public void Wake(ResultSlot? value) => _wait?.Wake(value);

    /// <summary>Makes it look again, whatever it waits for.</summary>
    public void Wake() => _wait?.Wake();

    /// <summary>Ends the segment that runs between two of its operators, or makes the next one fail.</summary>
    public void Terminate() => _options.Terminate = true;

    /// <summary>After <see cref="Terminate"/>, once the lane has ended.</summary>
    public void Reset() => _options.Terminate = false;

    public void Free() => _options.Dispose();

    // What stands in the method is what runs: a breakpoint there is met at its statement.
    private void FollowMethod()
    {
        _method(this);
        if (_next != _statements.Length)
            throw Strays("ended");
    }

    // The accelerator's part of the call, where this is the lane that launches it.
    private DeviceRun? Launcher => _call.Device is { } device && device.Lane == _number ? device : null;

    // The next request has the same memory on the device: the lane ends when nothing is queued any more.
    private void FollowOnDevice(DeviceRun device)
    {
        bool succeeded = false;
        try
        {
            device.Begin();
            FollowMethod();
            OnDevice(static (d, token) => d.Finish(token), device);
            succeeded = true;
        }
        finally
        {
            if (!succeeded)
                device.Abandon();
        }
    }

    // While it waits for the device, nobody takes the lanes for stuck.
    private void OnDevice<T>(Action<T, CancellationToken> wait, T what)
    {
        try
        {
            Volatile.Write(ref _inSegment, true);
            wait(what, _call.DeviceWaits);
        }
        catch (OperationCanceledException) when (_call.IsStopped)
        {
            throw _call.Released();
        }
        finally
        {
            Volatile.Write(ref _inSegment, false);
        }
    }

    private void FollowTable()
    {
        _busy ??= new long[_call.Outline.Lanes.Length];
        Array.Clear(_busy);
        for (int i = 0; i < _statements.Length; i++)
        {
            Volatile.Write(ref _next, i + 1);
            Do(_statements[i]);
        }
    }

    private void Do(in Statement statement)
    {
        PlanSample sample = _call.Samples[statement.Sample];
        switch (statement.Kind)
        {
            case StatementKind.Run:
                Run(sample, statement.Index, (Segment)statement.Subject, _call.Outline.LaneOf[statement.Index]);
                break;
            case StatementKind.Send:
                sample.Results[statement.Index].Publish(sample.Number);
                _call.WakeReaders(sample.Results[statement.Index], writer: this);
                break;
            default:
                Receive(sample, sample.Results[statement.Index]);
                break;
        }
    }

    private void Run(PlanSample sample, int index, Segment segment, int home)
    {
        if (_call.IsStopped)
            throw _call.Released();
        bool isTimed = _timeline != null || _busy != null;
        long start = isTimed ? Stopwatch.GetTimestamp() : 0;
        if (sample.Segments[index] is { } run)
            Run(run, segment);
        else
            OnDevice(static (s, token) => s.Device.Launch(s.Index, token), (Device: _call.Device!, Index: index));
        if (!isTimed)
            return;
        long end = Stopwatch.GetTimestamp();
        if (_busy != null)
            _busy[home] += end - start;
        _timeline?.Add(new TimelineSpan(_call.Outline, _number, segment.Name, IsWait: false, sample.Request, start, end));
    }

    private void Run(SegmentCall run, Segment segment)
    {
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
    }

    private void Receive(PlanSample sample, ResultSlot slot)
    {
        if (!slot.IsPublished(sample.Number))
            Await(sample, slot);
        if (_call.IsStopped)
            throw _call.Released();
        if (slot.Landing is { } landing)
            Land(sample, slot, landing);
        else if (Launcher is { } device)
            device.Received(Array.IndexOf(sample.Results, slot));
    }

    // Its copy was queued before it was published.
    private void Land(PlanSample sample, ResultSlot slot, Landing landing)
    {
        long start = _timeline is null ? 0 : Stopwatch.GetTimestamp();
        OnDevice(static (l, token) => l.Wait(token), landing);
        _timeline?.Add(new TimelineSpan(_call.Outline, _number, slot.Name, IsWait: true, sample.Request, start, Stopwatch.GetTimestamp()));
    }

    private void Await(PlanSample sample, ResultSlot slot)
    {
        long start = Stopwatch.GetTimestamp();
        int seen = -1;
        while (!_wait!.Wait(slot, sample.Number, _call.Settings.MaySpin, _call.Settings.StallStep))
        {
            // Somebody who steps through the code takes his time.
            int progress = _call.ProgressIfStalled;
            if (progress >= 0 && progress == seen && !Debugger.IsAttached)
            {
                throw _call.Outline.Broken(string.Create(CultureInfo.InvariantCulture,
                    $"{_call.Outline.LaneName(_number)} waited {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s for the value '{slot.Name}', and no lane goes on"));
            }
            seen = progress;
        }
        _timeline?.Add(new TimelineSpan(_call.Outline, _number, slot.Name, IsWait: true, sample.Request, start, Stopwatch.GetTimestamp()));
    }

    // What was read when the runner opened says where the segment or value is, and that nobody waits for ever.
    private ref readonly Statement Next(StatementKind kind, object subject)
    {
        int at = _next;
        if (at >= _statements.Length || _statements[at].Kind != kind || !ReferenceEquals(_statements[at].Subject, subject))
            throw Strays("came to " + new Statement(kind, subject, 0));
        Volatile.Write(ref _next, at + 1);
        return ref _statements[at];
    }

    private CleaveException Strays(string did) => _call.Outline.Broken(
        _call.Outline.LaneName(_number) + " " + did + (_next < _statements.Length
            ? " where " + _statements[_next] + " stood when the runner was opened"
            : " where it ended when the runner was opened")
        + "; a lane method makes the same statements each time");
}
