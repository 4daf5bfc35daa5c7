using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Ensembles;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Devices;
using Cleave.Devices.Cuda;
using Cleave.Ensembles;
using Cleave.Generated;
using Cleave.Generator.Model;
using Cleave.Tool.Loose;
using Cleave.Tool.Running;

namespace Cleave.Tool.Ensembles;

/// <summary>The members of an ensemble, as the generator sees them, and requests of any number of samples.</summary>
internal sealed class EnsembleModels
{
    private readonly OnnxModel[] _models;
    private readonly EnsembleSpec _spec;
    private readonly IReadOnlyDictionary<string, string> _dims;
    private readonly IReadOnlyDictionary<string, string> _fills;
    private readonly string[] _outputs;
    private readonly List<IDevice> _opened = [];

    /// <param name="name">The ensemble's name in the project.</param>
    /// <param name="paths">The members.</param>
    /// <param name="dims">Sizes of open dimensions, but for the batch.</param>
    /// <param name="fills">Numbers by input: every element of it is that.</param>
    /// <param name="devices">The devices as the item lists them; none: the processor.</param>
    /// <param name="outputs">The item metadata <c>Outputs</c>: of all members, or of each; none: the models' own.</param>
    /// <exception cref="RefusedException">The generator would report an error, requests to it are never cut, or what is given fits no member.</exception>
    public EnsembleModels(string name, string[] paths, IReadOnlyDictionary<string, string> dims, IReadOnlyDictionary<string, string> fills, string[] devices, params string[] outputs)
    {
        if (name.Length == 0 || name.IndexOfAny([.. Path.GetInvalidFileNameChars(), '/', '\\', ':']) >= 0 || name[0] == '.')
            throw new RefusedException($"--ensemble {name}: give the name of the OnnxEnsemble item, as Vision.");
        if (outputs.Length > 1 && outputs.Length != paths.Length)
            throw new RefusedException(string.Create(CultureInfo.InvariantCulture, $"--outputs is given {outputs.Length} times, but there are {paths.Length} members: give it once for all of them, or once for each in their order."));
        Name = name;
        Paths = paths;
        _dims = dims;
        _fills = fills;
        _outputs = outputs;
        _models = [.. paths.Select(static p => ModelReader.ReadFile(p))];
        // Each by its own path: files of one name may lie in several folders.
        Specs = [.. paths.Select((p, i) => LooseDefinition.SpecOf(p, _models[i], OptionsOf(outputs, i)) with { Source = p, OutputPath = p })];
        List<Problem> problems = [];
        EnsembleListing listing = new() { Name = name, Source = name, Combine = [nameof(CombinationRule.Custom)], Devices = devices, Members = [.. paths.Select(p => new EnsembleMemberEntry(p, p))] };
        _spec = EnsembleBuilder.Build(listing, Specs, "Cleave.Models", problems)
            ?? throw new RefusedException(string.Join(" ", problems.Where(p => p.Rule.Severity == Severity.Error).Select(p => p.Rule.Id + ": " + p.Message(name))));
        Definition = new EnsembleDefinition(
            1, name, [.. _spec.Surface.Inputs.Select(LooseDefinition.ValueOf)],
            [.. _spec.Members.Select((m, i) => new EnsembleMember(paths[i], LooseDefinition.Of(Specs[i]), [.. m.Inputs]))],
            [.. _spec.Outputs.Select((o, i) => new Cleave.Generated.EnsembleOutput(LooseDefinition.ValueOf(_spec.Surface.Outputs[i]), CombinationRule.Custom, [.. o.Places]))])
        {
            Devices = [.. _spec.Devices],
        };
        if (EnsembleServing.WhyNot(Definition, new EnsembleOptions()) is { Length: > 0 } why)
            throw new RefusedException($"There is no matrix for '{name}': requests are never cut, because {why}.");
        string[] batches = [.. Specs.SelectMany(s => s.Symbols.Where(d => d.Name == s.Batch!.Dimension).Select(d => s.NameOf(d))).Distinct()];
        if (dims.Keys.FirstOrDefault(batches.Contains) is { } batch)
            throw new RefusedException($"--dims {batch}: that is the batch, whose sizes the matrix says. Leave it out.");
        Expect("--dims", dims.Keys, [.. Specs.SelectMany(s => s.Symbols.Select(d => s.NameOf(d))).Distinct()]);
        Expect("--input", fills.Keys, [.. Specs.SelectMany(s => s.Inputs.Select(i => i.Name)).Distinct()]);
    }

    public string Name { get; }

    public IReadOnlyList<string> Paths { get; }

    public RunnerSpec[] Specs { get; }

    public EnsembleDefinition Definition { get; }

    /// <summary>What requests are like.</summary>
    public MeasuredRequests Requests => new(
        [.. Specs.SelectMany(s => Sizes(s).Where(d => d.Symbol != s.Batch!.Dimension).Select(static d => d.Name + "=" + d.Size)).Distinct().Order(StringComparer.Ordinal)],
        [.. _fills.Select(static f => f.Key + "=" + f.Value).Order(StringComparer.Ordinal)],
        _outputs.Length == 0 ? [] : [.. Specs.Select((_, m) => _outputs[Math.Min(m, _outputs.Length - 1)])]);

    /// <summary>Where what is measured goes: beside the project.</summary>
    public string FileIn(string folder) => Path.Combine(folder, Name + EnsembleText.Ending + Core.Tuning.TuningFile.Ending);

    /// <summary>Opens an accelerator; tests have an emulated one.</summary>
    public Func<DeviceOptions, IDevice> Opener { get; init; } = static asked => CudaDevice.Open(asked.Index, asked.MemoryLimit);

    /// <summary>The accelerators that the runner opened last, which has <see cref="Options"/>.</summary>
    public IReadOnlyList<IDevice> Opened => _opened;

    /// <summary>Options with which the members are opened from their files, and devices are used or it is an error.</summary>
    public EnsembleOptions Options(int? cores)
    {
        _opened.Clear();
        return new EnsembleOptions
        {
            Cores = cores,
            ConfigureMember = static (name, member) => member.Model = ModelSource.File(name),
            Devices = Definition.Devices.Length == 0 ? DeviceOptions.Never : DeviceOptions.Require with
            {
                Opener = asked =>
                {
                    _opened.Add(Opener(asked));
                    return _opened[^1];
                },
            },
        };
    }

    /// <summary>By device as listed, the bytes that there are; the processor's are not asked.</summary>
    /// <exception cref="DeviceUnavailableException">One cannot be used.</exception>
    public IReadOnlyList<long> DeviceMemory() => [.. Definition.Devices.Select(name =>
    {
        if (!name.Contains(':', StringComparison.Ordinal))
            return 0;
        using IDevice device = Opener(DeviceOptions.Require with { Index = int.Parse(name.AsSpan(name.IndexOf(':', StringComparison.Ordinal) + 1), CultureInfo.InvariantCulture) });
        return device.MemoryLeft();
    })];

    /// <summary>An ensemble of one member, on one device.</summary>
    public EnsembleDefinition Alone(int member, string device)
    {
        RunnerSpec spec = Specs[member];
        return new EnsembleDefinition(
            1, Name, [.. spec.Inputs.Select(LooseDefinition.ValueOf)],
            [new EnsembleMember(Paths[member], LooseDefinition.Of(spec), [.. Enumerable.Range(0, spec.Inputs.Count)])],
            [.. spec.Outputs.Select(static (o, i) => new Cleave.Generated.EnsembleOutput(LooseDefinition.ValueOf(o), CombinationRule.Custom, [i]))])
        {
            Devices = [device],
        };
    }

    /// <summary>A request to one member alone.</summary>
    public LooseRequest RequestAlone(int member, int samples) => new(Specs[member], Inputs(member, samples));

    /// <summary>A member's inputs.</summary>
    public RequestInputs Inputs(int member, int samples)
    {
        RunnerSpec spec = Specs[member];
        Dictionary<string, string> sizes = Sizes(spec).ToDictionary(static d => d.Name, d => d.Symbol == spec.Batch!.Dimension ? Text(samples) : d.Size, StringComparer.Ordinal);
        return RequestInputs.For(_models[member], sizes, _fills.Where(f => spec.Inputs.Any(i => i.Name == f.Key)).ToDictionary(StringComparer.Ordinal));
    }

    /// <summary>A request to the ensemble.</summary>
    public LooseRequest Request(int samples)
    {
        RequestInputs[] members = [.. Specs.Select((_, m) => Inputs(m, samples))];
        InputData[] inputs = new InputData[_spec.Surface.Inputs.Count];
        for (int m = members.Length - 1; m >= 0; m--)
        {
            for (int i = 0; i < Specs[m].Inputs.Count; i++)
            {
                int place = _spec.Members[m].Inputs[i];
                InputData data = members[m].Inputs.First(d => d.Name == Specs[m].Inputs[i].Name);
                inputs[place] = data with { Name = _spec.Surface.Inputs[place].Name };
            }
        }
        return new LooseRequest(_spec.Surface, new RequestInputs(inputs, []));
    }

    // As given, or else as planned.
    private IEnumerable<(string Symbol, string Name, string Size)> Sizes(RunnerSpec spec) =>
        spec.Symbols.Zip(spec.PlannedSizes, (s, planned) => (s.Name, spec.NameOf(s), _dims.GetValueOrDefault(spec.NameOf(s)) ?? Text(planned)));

    private static ListingOptions OptionsOf(string[] outputs, int member) =>
        outputs.Length == 0 ? new ListingOptions() : new ListingOptions { Outputs = EscapedList.Read(outputs[Math.Min(member, outputs.Length - 1)]) };

    private static void Expect(string option, IEnumerable<string> given, IReadOnlyCollection<string> known)
    {
        if (given.FirstOrDefault(g => !known.Contains(g)) is { } unknown)
            throw new RefusedException($"{option} {unknown}: no member has that; they have {string.Join(", ", known)}.");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
