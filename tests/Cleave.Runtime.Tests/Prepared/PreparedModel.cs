using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Modes;
using Cleave.OnnxProto;
using Cleave.Prepared;
using Cleave.Prepared.Making;
using Cleave.Runtime.Tests.Support;
using Cleave.Sessions;
using Cleave.Sources;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Cleave.Runtime.Tests.Prepared;

/// <summary>A model in a file, a folder that it is prepared into, and runners that look there.</summary>
internal sealed class PreparedModel : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ModelProto _model;
    private readonly Func<Budget[]?> _budgets;

    /// <param name="model">Null: a small one with weights of 16 kB, which are packed.</param>
    /// <param name="budgets">Its plans; a plan belongs to one definition.</param>
    public PreparedModel(ModelProto? model = null, Func<Budget[]?>? budgets = null)
    {
        _model = model ?? Models.Toy(Width);
        _budgets = budgets ?? (static () => null);
        _folder.Write("model.onnx", _model.ToByteArray());
    }

    public const int Width = 64;

    public ListLogger Logger { get; } = new();

    public string Path => _folder["model.onnx"];

    public string Folder => _folder["entries"];

    /// <summary>The folder of the only entry.</summary>
    public string Entry => Assert.Single(Entries);

    public string[] Entries => [.. Directory.GetDirectories(Folder).Order(StringComparer.Ordinal)];

    public string Manifest => System.IO.Path.Combine(Entry, PreparedManifest.FileName);

    public string Weights => System.IO.Path.Combine(Entry, PreparedManifest.WeightsFile);

    public ModelDefinition Definition() => Definitions.Of(_model, _budgets());

    public void Dispose() => _folder.Dispose();

    public IReadOnlyList<PreparedSegment> Prepare(RunnerOptions? options = null, int cores = 1, bool isAsked = true, long? most = null, Action<string>? at = null, string? folder = null,
        Action<string>? atHolding = null)
    {
        options ??= new RunnerOptions();
        options.Model ??= ModelSource.File(Path);
        return Prepare(Definition(), options, cores, isAsked, most, at, folder ?? Folder, atHolding);
    }

    public static IReadOnlyList<PreparedSegment> Prepare(ModelDefinition definition, RunnerOptions options, int cores, bool isAsked, long? most, Action<string>? at, string folder,
        Action<string>? atHolding = null)
    {
        using OpenedModel opened = OpenedModel.Open(definition, options);
        using SessionFactory factory = new(opened, definition, options, isMember: false, ProcessFiles.System, NullLogger.Instance);
        ModeList modes = ModeList.Of(definition, options, cores, factory.Slicing, tuned: null);
        PreparationOptions how = new(IsForAll: false, isAsked, most, at ?? (static _ => { })) { ProbeLimit = options.ProbeLimit };
        return new ModelPreparation(factory, definition, modes.Modes, new FolderTrust(false), atHolding is null ? how : how with { AtHolding = atHolding }).Run(folder);
    }

    /// <summary>A runner that looks into the folder.</summary>
    public LooseRunner Open(Action<RunnerOptions>? change = null)
    {
        RunnerOptions options = new() { Model = ModelSource.File(Path), Prepared = Folder, Cores = 1, Logger = Logger, PreparesByItself = false };
        change?.Invoke(options);
        return new LooseRunner(Definition(), options);
    }

    /// <summary>What a runner that knows of nothing prepared gives.</summary>
    public float[] Plainly(RunnerOptions? options = null)
    {
        options ??= new RunnerOptions { Cores = 1 };
        options.Model = ModelSource.File(Path);
        using LooseRunner runner = new(Definition(), options);
        return Run(runner);
    }

    public static float[] Run(LooseRunner runner, int width = Width)
    {
        using LooseOutput output = runner.Run((ref b) => b.Copy<float>(0, Onnx.Random(width, seed: 3)));
        return output.Get<float>(0).Span.ToArray();
    }

    // Waits for the check.
    public static bool IsPrepared(LooseRunner runner) => runner.Engine.Plan.Sessions.All(s => s.Way == "prepared" && s.Session == s.Unchecked);

    /// <summary>Asserts that a runner opens plainly, gives what it should, and says why.</summary>
    public void AssertPlain(string why, Action<RunnerOptions>? change = null)
    {
        using LooseRunner runner = Open(change);
        Assert.False(IsPrepared(runner));
        Assert.Equal(Plainly(), Run(runner));
        Assert.Contains(why, Assert.Single(Logger.Lines, static l => l.Contains("plainly")));
    }

    /// <summary>Writes the manifest anew, changed but whole.</summary>
    public void Rewrite(Func<PreparedManifest, PreparedManifest> change) =>
        File.WriteAllBytes(Manifest, change(PreparedManifest.Read(File.ReadAllBytes(Manifest))).Write());

    /// <summary>Does something to a file, and has the manifest hold its new time for the old one, as on a file system whose clock is coarse.</summary>
    public void Secretly(string path, Action change)
    {
        change();
        long ticks = FileIdentity.Of(path)!.Value.WrittenTicks;
        Rewrite(m => m with { Files = [.. m.Files.Select(f => f.Name == System.IO.Path.GetFileName(path) ? f with { WrittenTicks = ticks } : f)] });
    }

    /// <summary>Changes the weights unseen, so that results differ: in every tensor and packed copy, whichever the kernel reads.</summary>
    public void ChangeWeightsSecretly()
    {
        PreparedManifest manifest = PreparedManifest.Read(File.ReadAllBytes(Manifest));
        Secretly(Weights, () =>
        {
            foreach (ByteRange region in manifest.Regions.Where(static r => r.Length > 128))
                FlipByte(Weights, region.Offset + region.Length / 8 * 4 + 3);
        });
    }

    public static void FlipByte(string path, long at)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = at;
        int value = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(value ^ 0x40));
    }
}
