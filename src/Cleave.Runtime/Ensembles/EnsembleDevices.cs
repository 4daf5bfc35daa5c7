using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Ensembles;
using Cleave.Devices;
using Cleave.Devices.Dispatch;
using Cleave.Ensembles.Serving;
using Cleave.Generated;
using Microsoft.Extensions.Logging;

namespace Cleave.Ensembles;

/// <summary>
/// The accelerators that an ensemble's item lists, and which members are there: worst-fit-decreasing (<see cref="WorstFitDecreasing"/>) by weights and by what lies there of the batches
/// under way. What a model needs inside while it runs is seen when its instance is opened, or at the first batch. Used by one thread at a time.
/// </summary>
internal sealed class EnsembleDevices : IDisposable
{
    private const string Cpu = "cpu";

    // As many batches of an instance as are under way.
    private const int Batches = 3;

    private readonly IDevice[] _devices;
    private readonly MemberProgram?[] _programs;
    private readonly List<(IDevice Device, int Batch)>[] _cells;
    private readonly ILogger _logger;
    private readonly string _ensemble;

    private EnsembleDevices(string ensemble, IDevice[] devices, MemberProgram?[] programs, DeviceOptions asked, ILogger logger)
    {
        _ensemble = ensemble;
        _devices = devices;
        _programs = programs;
        _logger = logger;
        Policy = asked.Policy;
        _cells = [.. programs.Select(static _ => new List<(IDevice, int)>())];
    }

    public DevicePolicy Policy { get; }

    public int Count => _devices.Length;

    /// <summary>Whether a member is to be on one.</summary>
    public bool Has(int member) => _cells[member].Count > 0;

    /// <summary>Opens them, and says which members go there. Null where the ensemble is for the processor.</summary>
    /// <param name="definition">The ensemble.</param>
    /// <param name="options">What was asked for.</param>
    /// <param name="members">The opened members.</param>
    /// <param name="cores">The cores of all.</param>
    /// <param name="logger">Gets a line that says what is where, and a warning for what is not.</param>
    /// <exception cref="CleaveException">A device cannot be used, or a member has no room (CLV4032), and the policy is <see cref="DevicePolicy.Require"/>.</exception>
    public static EnsembleDevices? Open(EnsembleDefinition definition, EnsembleOptions options, MemberModel[] members, int cores, ILogger logger)
    {
        DeviceOptions asked = options.Devices;
        string[] named = [.. definition.Devices.Where(static d => d != Cpu)];
        if (asked.Policy == DevicePolicy.Never || (named.Length == 0 && asked.Policy == DevicePolicy.Prefer))
            return null;
        List<IDevice> devices = [];
        try
        {
            Check(definition, options, named);
            foreach (string name in named)
                Add(devices, definition.Name, name, asked, logger);
            if (devices.Count == 0)
                return null;
            MemberProgram?[] programs = [.. members.Select((m, i) => Program(definition, i, m, asked, logger))];
            EnsembleDevices opened = new(definition.Name, [.. devices], programs, asked, logger);
            opened.Allocate(definition, cores, hasCpu: asked.Policy == DevicePolicy.Prefer || definition.Devices.Contains(Cpu));
            return opened;
        }
        catch (CleaveException e) when (asked.Policy == DevicePolicy.Prefer)
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
    /// <exception cref="CleaveException">One cannot be opened, and the policy is <see cref="DevicePolicy.Require"/>.</exception>
    public IReadOnlyList<IMemberInstance> Instances(int member)
    {
        List<IMemberInstance> opened = [];
        try
        {
            foreach ((IDevice device, int batch) in _cells[member])
            {
                try
                {
                    opened.Add(_programs[member]!.OpenOn(device, member, batch));
                }
                catch (CleaveException e) when (Policy == DevicePolicy.Prefer)
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

    private static void Add(List<IDevice> devices, string ensemble, string name, DeviceOptions asked, ILogger logger)
    {
        try
        {
            int colon = name.IndexOf(':', StringComparison.Ordinal);
            int index = colon < 0 ? 0 : int.Parse(name.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture);
            devices.Add(DeviceFinder.Open(colon < 0 ? name : name[..colon], asked with { Index = index }));
        }
        catch (CleaveException e) when (asked.Policy == DevicePolicy.Prefer)
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
        catch (DeviceUnavailableException e) when (asked.Policy == DevicePolicy.Prefer)
        {
            Log.MemberNotOnDevice(logger, definition.Members[place].Name, definition.Name, "any device", e.Message, e);
            return null;
        }
    }

    private void Allocate(EnsembleDefinition definition, int cores, bool hasCpu)
    {
        int[] places = [.. Enumerable.Range(0, _programs.Length).Where(m => _programs[m] is not null)];
        if (places.Length == 0)
            return;
        AllocationProblem problem = new(
            [.. _devices.Select(d => EnsembleDevice.Accelerator(d.Name, d.MemoryLimit - d.MemoryUsed)), .. hasCpu ? [EnsembleDevice.Cpu(long.MaxValue / 2, cores)] : Array.Empty<EnsembleDevice>()],
            [.. places.Select(m => new MemberMemory(definition.Members[m].Name, _programs[m]!.WeightBytes, Batches * _programs[m]!.SampleBytes))]);
        FirstAllocation first = WorstFitDecreasing.Place(problem);
        if (!first.Fits)
            throw new CleaveException(Rules.EnsembleDoesNotFit, null, definition.Name, first.Words(problem));
        for (int m = 0; m < places.Length; m++)
        {
            for (int d = 0; d < _devices.Length; d++)
            {
                if (first.Matrix[d, m] is { Count: > 0 } cell)
                    _cells[places[m]].Add((_devices[d], cell.Batch));
            }
        }
        Log.EnsembleOnDevices(_logger, definition.Name, string.Join(", ", definition.Members.Select((m, i) => m.Name + " on " + Words(_cells[i]))));
    }

    private static string Words(List<(IDevice Device, int Batch)> cells) => cells.Count == 0 ? Cpu
        : string.Join(" and ", cells.Select(static c => string.Create(CultureInfo.InvariantCulture, $"{c.Device.Name} ({c.Batch} samples at once)")));

    private static void Dispose(IEnumerable<IDevice> devices)
    {
        foreach (IDevice device in devices)
            device.Dispose();
    }
}
