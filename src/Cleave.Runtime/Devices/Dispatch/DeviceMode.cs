using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Generated;
using Cleave.Logging;
using Cleave.Modes;
using Cleave.Sessions;
using Microsoft.Extensions.Logging;

namespace Cleave.Devices.Dispatch;

/// <summary>How a runner runs its model on an accelerator, and when it gives that up. Thread-safe.</summary>
internal sealed class DeviceMode
{
    // One failure may be a request of unusual size; three in a row are no accident.
    private const int MostFailures = 3;

    private readonly string _model;
    private readonly ILogger _logger;
    private long _ranAgain;
    private int _failures;
    private string? _whyNot;

    /// <param name="model">The model's name.</param>
    /// <param name="policy">What was asked for.</param>
    /// <param name="mode">The mode, opened; null: it could not be.</param>
    /// <param name="whyNot">Why not.</param>
    /// <param name="logger">Gets a warning when the CPU takes over.</param>
    public DeviceMode(string model, DevicePolicy policy, RunnerMode? mode, string? whyNot, ILogger logger)
    {
        _model = model;
        _logger = logger;
        _whyNot = whyNot;
        Policy = policy;
        Mode = mode;
        Segments = mode is null ? [] : [.. mode.Plan.Outline.Plan.Segments.Select((s, i) => Describe(s, mode.Plan.Device!, i))];
    }

    public DevicePolicy Policy { get; }

    /// <summary>The mode; null where it could not be opened.</summary>
    public RunnerMode? Mode { get; }

    /// <summary>What runs where.</summary>
    public IReadOnlyList<DeviceSegment> Segments { get; }

    /// <summary>The mode, while requests go there.</summary>
    public RunnerMode? InUse => Volatile.Read(ref _whyNot) is null ? Mode : null;

    public DeviceReport Report => new(Policy, InUse?.Plan.Device!.Device.Name, Volatile.Read(ref _whyNot), Segments)
    {
        Requests = Mode is null ? 0 : Mode.Requests - Interlocked.Read(ref _ranAgain),
        RanAgain = Interlocked.Read(ref _ranAgain),
        MemoryUsed = Mode?.Plan.Device!.Device.MemoryUsed ?? 0,
    };

    public void Succeeded()
    {
        if (Volatile.Read(ref _failures) != 0)
            Volatile.Write(ref _failures, 0);
    }

    /// <summary>A request failed there. Whether it is to run again on the CPU.</summary>
    public bool FallsBack(DeviceException e)
    {
        if (Policy == DevicePolicy.Require)
            return false;
        Interlocked.Increment(ref _ranAgain);
        Log.RanAgain(_logger, _model, e.Message, e);
        if (e is not DeviceLostException && Interlocked.Increment(ref _failures) < MostFailures)
            return true;
        if (Interlocked.CompareExchange(ref _whyNot, e.Message, null) is null)
            Log.DeviceGivenUp(_logger, _model, Mode!.Plan.Device!.Device.Name, e.Message, e);
        return true;
    }

    /// <summary>The loss of the device that a failed run was about, where it was lost by then: after a fault, libraries name what they were at, not the loss.</summary>
    public DeviceLostException? LossBehind(CleaveException e) => e.Id == Rules.RunFailed.Id && Mode!.Plan.Device!.Device is { IsLost: true } device
        ? new DeviceLostException(device.Name, _model, e.Message, e)
        : null;

    private static DeviceSegment Describe(Segment segment, DeviceSide side, int index)
    {
        if (side.Executables[index] is not { } executable)
            return new DeviceSegment(segment.Name, DeviceSegment.Cpu, null, []);
        IReadOnlyList<NodeAssignment>? nodes = executable.Assignments;
        return new DeviceSegment(segment.Name, side.Device.Name, nodes?.Count, [.. (nodes ?? []).Select(static n => n.Operator).Distinct().Order(System.StringComparer.Ordinal)]);
    }
}
