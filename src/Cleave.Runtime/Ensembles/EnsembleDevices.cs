using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Core.Ensembles;
using Cleave.Devices;
using Cleave.Devices.Dispatch;
using Cleave.Engines;
using Cleave.Ensembles.Serving;
using Cleave.Generated;
using Cleave.Logging;
using Microsoft.Extensions.Logging;

namespace Cleave.Ensembles;

/// <summary>
/// The accelerators that an ensemble's item lists, and which members are there (<see cref="DevicePlacement"/>), by weights and by what lies there of the batches under way. What a
/// model needs inside while it runs is seen when its instance is opened, or at the first batch. Used by one thread at a time.
/// </summary>
internal sealed class EnsembleDevices : IDisposable
{
    private const string Cpu = "cpu";

    // By their names in the item.
    private readonly (string Name, IDevice Device)[] _devices;
    private readonly MemberProgram?[] _programs;
    private readonly List<(IDevice Device, int Batch)>[] _cells;
    // Of members that are on the processor, too, or there alone; none: as the ensemble serves there without devices.
    private readonly InstanceGroup?[] _onCpu;
    // Of members that nobody said to be on several devices: one of these is enough.
    private readonly bool[] _oneIsEnough;
    private readonly ILogger _logger;
    private readonly string _ensemble;

    private EnsembleDevices(string ensemble, (string, IDevice)[] devices, MemberProgram?[] programs, DeviceOptions asked, ILogger logger)
    {
        _ensemble = ensemble;
        _devices = devices;
        _programs = programs;
        _logger = logger;
        Policy = asked.Decided;
        _cells = [.. programs.Select(static _ => new List<(IDevice, int)>())];
        _onCpu = new InstanceGroup?[programs.Length];
        _oneIsEnough = new bool[programs.Length];
    }

    public DevicePolicy Policy { get; }

    public int Count => _devices.Length;

    /// <summary>Whether no member is to be on one.</summary>
    public bool IsEmpty => Array.TrueForAll(_cells, static c => c.Count == 0);

    /// <summary>Whether a member is to be on one.</summary>
    public bool Has(int member) => _cells[member].Count > 0;

    /// <summary>The most samples that an instance takes at once.</summary>
    public int LargestBatch => _cells.Max(static c => c.Select(static i => i.Batch).DefaultIfEmpty().Max());

    /// <summary>Whether a member that is on a device is on the processor, too.</summary>
    public bool AlsoOnCpu(int member) => _onCpu[member] is not null;

    /// <summary>How a member serves on the processor, where that was measured or said for these devices; null: as without them.</summary>
    public InstanceGroup? CpuCell(int member) => _onCpu[member];

    /// <summary>Opens them, and says which members go there. Null where the ensemble is for the processor.</summary>
    /// <param name="definition">The ensemble.</param>
    /// <param name="options">What was asked for.</param>
    /// <param name="members">The opened members.</param>
    /// <param name="cores">The cores of all.</param>
    /// <param name="tuned">What was measured on this machine; null: nothing.</param>
    /// <param name="logger">Gets a line that says what is where, and a warning for what is not.</param>
    /// <exception cref="CleaveException">A device cannot be used, or a member has no room (CLV4032), and the policy is <see cref="DevicePolicy.Require"/>.</exception>
    /// <exception cref="ArgumentException">What the application says of cells makes no sense.</exception>
    public static EnsembleDevices? Open(EnsembleDefinition definition, EnsembleOptions options, MemberModel[] members, int cores, EnsembleTuningSection? tuned, ILogger logger)
    {
        DevicePlacement.Check(definition, options);
        DeviceOptions asked = options.Devices;
        string[] named = [.. definition.Devices.Where(static d => d != Cpu)];
        if (asked.Decided == DevicePolicy.Never || (named.Length == 0 && asked.Decided == DevicePolicy.Prefer))
            return null;
        List<(string Name, IDevice Device)> devices = [];
        try
        {
            Check(definition, options, named);
            foreach (string name in named)
                Add(devices, definition.Name, name, asked, logger);
            if (devices.Count == 0)
                return null;
            MemberProgram?[] programs = [.. members.Select((m, i) => Program(definition, i, m, asked, logger))];
            EnsembleDevices opened = new(definition.Name, [.. devices], programs, asked, logger);
            opened.Allocate(definition, options, cores, devices.Count == named.Length ? tuned?.On(definition.Devices) : null);
            return opened;
        }
        catch (CleaveException e) when (asked.Decided == DevicePolicy.Prefer)
        {
            Dispose(devices);
            Log.NoDevice(logger, definition.Name, e.Message, e);
            return null;
        }
        catch
        {
            Dispose(devices);
            throw;
        }
    }

    /// <summary>Opens the instances of a member; none: it is on the processor.</summary>
    /// <param name="member">Which.</param>
    /// <param name="weights">An engine with the weights that they are to have; null: those that requests are answered by now.</param>
    /// <exception cref="CleaveException">One cannot be opened, or, of copies that nobody asked for, none; and the policy is <see cref="DevicePolicy.Require"/>.</exception>
    public IReadOnlyList<IMemberInstance> Instances(int member, RunnerEngine? weights = null)
    {
        List<IMemberInstance> opened = [];
        int left = _cells[member].Count;
        try
        {
            foreach ((IDevice device, int batch) in _cells[member])
            {
                left--;
                try
                {
                    opened.Add(_programs[member]!.OpenOn(device, member, batch, weights));
                }
                catch (CleaveException e) when (Policy == DevicePolicy.Prefer || (_oneIsEnough[member] && opened.Count + left > 0))
                {
                    Log.MemberNotOnDevice(_logger, _programs[member]!.Name, _ensemble, device.Name, e.Message, e);
                }
            }
            return opened;
        }
        catch
        {
            foreach (IMemberInstance instance in opened)
                instance.Dispose();
            throw;
        }
    }

    /// <summary>Closes them. No instance is left.</summary>
    public void Dispose() => Dispose(_devices);

    private static void Check(EnsembleDefinition definition, EnsembleOptions options, string[] named)
    {
        if (named.Length == 0)
            throw new DeviceUnavailableException("of " + definition.Name, "its item lists no accelerator", "set Devices=\"cuda:0\" there");
        if (EnsembleServing.WhyNot(definition, options) is { Length: > 0 } why)
            throw new DeviceUnavailableException(string.Join(", ", named), "members get segments of requests there, and " + why, "see docs/ensembles.md");
    }

    private static void Add(List<(string, IDevice)> devices, string ensemble, string name, DeviceOptions asked, ILogger logger)
    {
        try
        {
            int colon = name.IndexOf(':', StringComparison.Ordinal);
            int index = colon < 0 ? 0 : int.Parse(name.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture);
            devices.Add((name, DeviceFinder.Open(colon < 0 ? name : name[..colon], asked with { Index = index })));
        }
        catch (CleaveException e) when (asked.Decided == DevicePolicy.Prefer)
        {
            Log.EnsembleWithoutDevice(logger, ensemble, name, e.Message, e);
        }
    }

    private static MemberProgram? Program(EnsembleDefinition definition, int place, MemberModel model, DeviceOptions asked, ILogger logger)
    {
        try
        {
            return new MemberProgram(definition.Members[place], model);
        }
        catch (DeviceUnavailableException e) when (asked.Decided == DevicePolicy.Prefer)
        {
            Log.MemberNotOnDevice(logger, definition.Members[place].Name, definition.Name, "any device", e.Message, e);
            return null;
        }
    }

    // A member that no device can have is on the processor.
    private void Allocate(EnsembleDefinition definition, EnsembleOptions options, int cores, TunedDevices? tuned)
    {
        int[] places = [.. Enumerable.Range(0, _programs.Length).Where(m => _programs[m] is not null)];
        if (places.Length == 0)
            return;
        EnsembleDevice[] cpu = Policy == DevicePolicy.Prefer || definition.Devices.Contains(Cpu) || options.DeviceCells?.Values.Any(static c => c.ContainsKey(Cpu)) == true
            ? [EnsembleDevice.Cpu(long.MaxValue / 2, cores)]
            : [];
        AllocationProblem problem = new(
            [.. _devices.Select(d => EnsembleDevice.Accelerator(d.Device.Name, d.Device.MemoryLeft())), .. cpu],
            [.. places.Select(m => new MemberMemory(definition.Members[m].Name, _programs[m]!.WeightBytes, DeviceInstance.Under * _programs[m]!.SampleBytes))]);
        DevicePlacement placed = DevicePlacement.Of(
            definition.Name, problem, [.. _devices.Select(static d => d.Name), .. cpu.Select(static _ => Cpu)], options.DeviceCells, places.Length == _programs.Length ? tuned : null, Work(places));
        for (int m = 0; m < places.Length; m++)
        {
            _oneIsEnough[places[m]] = !placed.IsSaid[m];
            for (int d = 0; d < problem.Devices.Count; d++)
            {
                if (placed.Matrix[d, m] is not { Count: > 0 } cell)
                    continue;
                if (d < _devices.Length)
                    _cells[places[m]].Add((_devices[d].Device, cell.Batch));
                else if (placed.IsSaid[m])
                    _onCpu[places[m]] = cell;
            }
        }
        Log.EnsembleOnDevices(_logger, definition.Name, string.Join(", ", definition.Members.Select((m, i) => m.Name + " on " + Words(i))), placed.Why);
    }

    // As predicted for one thread; where that is not known of all, every member alike.
    private double[] Work(int[] places)
    {
        double?[] predicted = [.. places.Select(m => _programs[m]!.PredictedMicroseconds)];
        return [.. predicted.Select(p => predicted.All(static q => q is not null) ? p!.Value : 1)];
    }

    private string Words(int member)
    {
        IEnumerable<string> there = _cells[member].Select(static c => string.Create(CultureInfo.InvariantCulture, $"{c.Device.Name} ({c.Batch} samples at once)"));
        if (_onCpu[member] is { } cell)
            there = there.Append($"{Cpu} ({cell})");
        return string.Join(" and ", there.DefaultIfEmpty(Cpu));
    }

    private static void Dispose(IEnumerable<(string, IDevice)> devices)
    {
        foreach ((_, IDevice device) in devices)
            device.Dispose();
    }
}
