using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Core.Tuning;
using Cleave.Prepared;
using Cleave.Tool.Loose;
using Cleave.Tuning;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests.Preparing;

/// <summary><c>cleave prepare</c>: what it writes, a runner uses.</summary>
public sealed class PrepareCommandTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public PrepareCommandTests()
    {
        byte[] weights = new byte[4 * 4 * 64 * sizeof(float)];
        for (int i = 0; i < weights.Length / sizeof(float); i++)
            BitConverter.TryWriteBytes(weights.AsSpan(i * sizeof(float)), (i % 17 - 8) / 16f);
        _tiny.Model.Graph.Initializer.Add(new OnnxProto.TensorProto { Name = "m", DataType = TinyModel.Float, Dims = { 4, 256 }, RawData = ByteString.CopyFrom(weights) });
        _tiny.Model.Graph.Node.Add(TinyModel.Node("MatMul", ["y", "m"], "z"));
        _tiny.Model.Graph.Output.Clear();
        _tiny.Model.Graph.Output.Add(TinyModel.Value("z", TinyModel.Float, "batch", 256));
    }

    private string Folder => Path.Combine(Path.GetDirectoryName(_tiny.Path)!, "entries");

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public async Task What_it_prepares_a_runner_opens_and_everybody_may_read()
    {
        ToolRun run = await ToolRun.Of("prepare", _tiny.Save(), "-o", Folder, "--cores", "2");

        Assert.Equal("", run.Code == 0 ? "" : run.Output + run.Error);
        Assert.Matches(@"^Whole: prepared, 0\.0 MB; the probe noticed [12] of \d damaged weights\n$", run.Output);
        Assert.StartsWith("preparing for 2 cores, about 0.0 MB to 0.0 MB", run.Error);
        using LooseRunner runner = new(
            _tiny.Path, LooseDefinition.SpecOf(_tiny.Path, Core.Onnx.ModelReader.ReadFile(_tiny.Path), new Core.Listing.ListingOptions()), new RunnerOptions { Prepared = Folder });
        Assert.Equal("prepared", runner.Engine.Plan.Sessions.Single().Way);
        if (!OperatingSystem.IsWindows())
        {
            IEnumerable<string> all = Directory.EnumerateFiles(Folder, "*.*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f)[0] != '.');
            foreach (string file in all)
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead, File.GetUnixFileMode(file));
        }
        Assert.Equal("Whole: was prepared already", (await ToolRun.Of("prepare", _tiny.Path, "-o", Folder, "--cores", "2")).Output.Split(',')[0]);
    }

    /// <summary>A builder may be smaller than what it builds for.</summary>
    [Fact]
    public async Task It_prepares_for_as_many_cores_as_are_asked_for()
    {
        int more = 2 * Environment.ProcessorCount;
        ToolRun run = await ToolRun.Of("prepare", _tiny.Save(), "-o", Folder, "--cores", $"{more}");

        Assert.Equal("", run.Code == 0 ? "" : run.Output + run.Error);
        Assert.StartsWith($"preparing for {more} cores", run.Error);
    }

    [Fact]
    public async Task Where_there_is_nothing_it_is_said()
    {
        string listing = Path.Combine(Path.GetDirectoryName(_tiny.Save())!, "tiny.graph"), empty = Directory.CreateDirectory(Folder).FullName;
        File.WriteAllText(listing, "cleave-listing 1\noptions\n  source \"tiny_model.onnx\"\n  path \"models/App/tiny.onnx\"\n");
        ToolRun list = await ToolRun.Of("prepare", "--list", empty), check = await ToolRun.Of("prepare", "--check", empty);
        Assert.Equal((0, empty + ": no entries\n", ""), (list.Code, list.Output, list.Error));
        Assert.Equal((1, empty + ": no entries\n", ""), (check.Code, check.Output, check.Error));

        ToolRun absent = await ToolRun.Of("prepare", listing, "--published", empty), nowhere = await ToolRun.Of("prepare", listing, "--published", empty + "x");
        Assert.Equal((0, $"tiny_model.onnx: not published in {empty}\n", ""), (absent.Code, absent.Output, absent.Error));
        Assert.Equal((1, "", $"cleave: error --published {empty}x: there is no such folder.\n"), (nowhere.Code, nowhere.Output, nowhere.Error));
    }

    [Fact]
    public async Task Plan_says_what_the_sessions_take_and_what_is_prepared_for_them()
    {
        string none = (await ToolRun.Of("plan", _tiny.Save(), "--cores", "1")).Output.ReplaceLineEndings(" ");
        Assert.Contains("of weights; the plan's sessions take about 0.0 MB", none);
        Assert.Contains("Prepared (cleave prepare), all sessions and processes of a machine share one copy", none);
        Directory.CreateDirectory(Folder);
        string missing = (await ToolRun.Of("plan", _tiny.Path, "--cores", "1", "--prepared", Folder)).Output.ReplaceLineEndings(" ");
        Assert.Contains("Not prepared in", missing);

        await ToolRun.Of("prepare", _tiny.Path, "-o", Folder, "--cores", "1");

        System.Text.Json.JsonElement memory = (await ToolRun.Of("plan", _tiny.Path, "--cores", "1", "--prepared", Folder, "--json")).Json.GetProperty("memory");
        Assert.Equal(2 * memory.GetProperty("weightBytes").GetInt64(), memory.GetProperty("plainBytes").GetInt64());
        Assert.Equal(new FileInfo(Path.Combine(Assert.Single(Directory.GetDirectories(Folder)), PreparedManifest.WeightsFile)).Length, memory.GetProperty("preparedBytes").GetInt64());
        Assert.Equal(Folder, memory.GetProperty("preparedFolders").GetString());
    }

    [Fact]
    public async Task A_folder_is_listed_checked_and_pruned()
    {
        await ToolRun.Of("prepare", _tiny.Save(), "-o", Folder, "--cores", "1");
        string entry = Assert.Single(Directory.GetDirectories(Folder));

        ToolRun list = await ToolRun.Of("prepare", "--list", Folder), check = await ToolRun.Of("prepare", "--check", Folder);

        Assert.Matches($@"^{Path.GetFileName(entry)}: tiny_model, Whole, ONNX Runtime [\d.]+, this processor, 0\.0 MB\n$", list.Output);
        Assert.Equal((0, list.Output, ""), (check.Code, check.Output, check.Error));
        // One byte where neither the edges nor the time tell.
        string weights = Path.Combine(entry, PreparedManifest.WeightsFile);
        byte[] bytes = File.ReadAllBytes(weights);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(weights, bytes);
        check = await ToolRun.Of("prepare", "--check", Folder);
        Assert.Equal(1, check.Code);
        Assert.EndsWith("; weights.bin was changed\n", check.Output);
        // It was damaged after it was made: nothing marks it, so nothing deletes it.
        Assert.Equal("", (await ToolRun.Of("prepare", "--prune", Folder)).Output);
        File.WriteAllText(Path.Combine(entry, PreparedEntry.FailedFile), "no\n");
        Assert.Equal($"deleted {Path.GetFileName(entry)}\n", (await ToolRun.Of("prepare", "--prune", Folder)).Output);
        Assert.Empty(Directory.GetDirectories(Folder));
    }

    [Fact]
    public async Task Listings_of_a_published_application_are_prepared_beside_their_models()
    {
        string published = Path.Combine(Path.GetDirectoryName(_tiny.Save())!, "out"), listing = Path.Combine(published, "tiny.graph"), absent = Path.Combine(published, "absent.graph");
        Directory.CreateDirectory(Path.Combine(published, "models", "App"));
        File.Copy(_tiny.Path, Path.Combine(published, "models", "App", "tiny.onnx"));
        foreach ((string file, string path) in new[] { (listing, "models/App/tiny.onnx"), (absent, "models/App/absent.onnx") })
        {
            using FileStream stream = File.Create(file);
            Core.Listing.ListingWriter.Write(new Core.Listing.ModelListing { Options = new Core.Listing.ListingOptions { Source = "src/tiny.onnx", Path = path, Dims = "batch=2" } }, stream);
        }

        ToolRun run = await ToolRun.Of("prepare", listing, absent, "--published", published, "--cores", "1");

        Assert.Equal("", run.Code == 0 ? "" : run.Output + run.Error);
        Assert.StartsWith($"src/tiny.onnx: not published in {published}\nsrc/tiny.onnx, Whole: prepared, ", run.Output);
        Assert.Single(Directory.GetDirectories(Path.Combine(published, "models", "App", PreparedFolders.BesideName)));
        ToolRun none = await ToolRun.Of("prepare", _tiny.Path, "--published", published);
        Assert.Equal(1, none.Code);
        ToolRun library = await ToolRun.Of("prepare", _tiny.Path, "-o", Folder, "--onnxruntime", "missing.so");
        Assert.Equal((1, "cleave: error --onnxruntime missing.so: there is no such file.\n"), (library.Code, library.Error));
    }

    /// <summary>It is said, and the others are prepared.</summary>
    [Fact]
    public async Task A_published_model_that_onnxruntime_refuses_is_passed_over()
    {
        string published = Path.Combine(Path.GetDirectoryName(_tiny.Save())!, "out"), models = Directory.CreateDirectory(Path.Combine(published, "models")).FullName;
        using TinyModel refused = new();
        // Add takes tensors of sizes that fit.
        refused.Model.Graph.Initializer.Add(new OnnxProto.TensorProto { Name = "wide", DataType = TinyModel.Float, Dims = { 5, 7 }, RawData = ByteString.CopyFrom(new byte[5 * 7 * sizeof(float)]) });
        refused.Model.Graph.Initializer.Add(new OnnxProto.TensorProto { Name = "other", DataType = TinyModel.Float, Dims = { 3 }, RawData = ByteString.CopyFrom(new byte[3 * sizeof(float)]) });
        refused.Model.Graph.Node.Add(TinyModel.Node("Add", ["wide", "other"], "sum"));
        refused.Model.Graph.Output.Add(TinyModel.Value("sum", TinyModel.Float, 5, 7));
        File.Copy(refused.Save(), Path.Combine(models, "refused.onnx"));
        File.Copy(_tiny.Path, Path.Combine(models, "tiny.onnx"));
        List<string> listings = [];
        foreach (string name in new[] { "refused", "tiny" })
        {
            listings.Add(Path.Combine(published, name + ".graph"));
            using FileStream stream = File.Create(listings[^1]);
            Core.Listing.ListingWriter.Write(new Core.Listing.ModelListing { Options = new Core.Listing.ListingOptions { Source = name + ".onnx", Path = $"models/{name}.onnx" } }, stream);
        }

        ToolRun run = await ToolRun.Of("prepare", listings[0], listings[1], "--published", published, "--cores", "1");

        Assert.Equal("", run.Code == 0 ? "" : run.Output + run.Error);
        Assert.StartsWith("refused.onnx: not prepared: CLV4007", run.Output);
        Assert.Contains("\ntiny.onnx, Whole: prepared, ", run.Output);
    }

    [Fact]
    public async Task Cores_that_an_entry_lacks_are_added()
    {
        await ToolRun.Of("prepare", _tiny.Save(), "-o", Folder, "--cores", "1");
        string entry = Assert.Single(Directory.GetDirectories(Folder));
        // As a larger machine's only.
        string manifest = Path.Combine(entry, PreparedManifest.FileName);
        PreparedManifest made = PreparedManifest.Read(File.ReadAllBytes(manifest));
        File.WriteAllBytes(manifest, (made with { Expected = new Dictionary<int, string> { [99] = made.Expected.Values.Single() } }).Write());
        ToolRun run = await ToolRun.Of("prepare", _tiny.Path, "-o", Folder, "--cores", "1");
        Assert.StartsWith("Whole: prepared, ", run.Output);
        Assert.Equal(entry, Assert.Single(Directory.GetDirectories(Folder)));
        Assert.Equal([1, 99], PreparedManifest.Read(File.ReadAllBytes(manifest)).Expected.Keys.Order());
    }

    /// <summary>A runner opens the plan that was measured to be the best here.</summary>
    [Fact]
    public async Task What_was_tuned_is_prepared()
    {
        string hash = Core.Listing.ListingWriter.Hash(Core.Onnx.ModelReader.ReadFile(_tiny.Save()));
        TuningSection section = new(
            ThisMachine.Of(6), hash, IsComplete: true, [new TunedRequest(["batch"], [1], [new TunedTime("Whole", [5], 100, 9), new TunedTime("Whole", [1], 900, 9)])]);
        File.WriteAllText(_tiny.Path + TuningFile.Ending, TuningFile.Empty.With(section).Write());
        ToolRun run = await ToolRun.Of("prepare", _tiny.Path, "-o", Folder, "--cores", "6");
        Assert.Equal("", run.Code == 0 ? "" : run.Output + run.Error);
        string manifest = Path.Combine(Assert.Single(Directory.GetDirectories(Folder)), PreparedManifest.FileName);
        Assert.Contains(5, PreparedManifest.Read(File.ReadAllBytes(manifest)).Expected.Keys);
    }

    [Fact]
    public async Task What_cannot_be_done_is_said()
    {
        ToolRun folder = await ToolRun.Of("prepare", _tiny.Save()), missing = await ToolRun.Of("prepare", "missing.onnx", "-o", Folder), list = await ToolRun.Of("prepare", "--list", Folder);
        Assert.Equal((1, "cleave: error --output: name the folder to prepare into.\n"), (folder.Code, folder.Error));
        Assert.Equal(1, missing.Code);
        Assert.StartsWith("cleave: error CLV1001: ", missing.Error);
        Assert.Equal(1, list.Code);
        Assert.StartsWith("cleave: error ", list.Error);
        ToolRun limited = await ToolRun.Of("prepare", _tiny.Path, "-o", Folder, "--limit", "0");
        Assert.Equal(1, limited.Code);
        Assert.Contains("the weights alone are more than what is left", limited.Error);
    }

    [Fact]
    public async Task A_model_that_cannot_be_prepared_fails_and_says_why()
    {
        _tiny.Model.Graph.Node.Add(TinyModel.Node("RandomNormalLike", ["z"], "noise"));
        _tiny.Model.Graph.Node.Add(TinyModel.Node("Add", ["z", "noise"], "noisy"));
        _tiny.Model.Graph.Output.Clear();
        _tiny.Model.Graph.Output.Add(TinyModel.Value("noisy", TinyModel.Float, "batch", 256));
        ToolRun run = await ToolRun.Of("prepare", _tiny.Save(), "-o", Folder, "--cores", "1");
        Assert.Equal((1, "Whole: not prepared: it draws random numbers (RandomNormalLike)\n"), (run.Code, run.Output));
    }

    [Fact]
    public async Task A_model_without_weights_has_nothing_to_prepare_which_is_no_failure()
    {
        using TinyModel small = new();
        ToolRun run = await ToolRun.Of("prepare", small.Save(), "-o", Folder, "--cores", "1");
        Assert.Equal((0, "Whole: not prepared: it has no weights of a kilobyte or more\n"), (run.Code, run.Output));
        System.Text.Json.JsonElement memory = (await ToolRun.Of("plan", small.Path, "--cores", "1", "--prepared", Folder, "--json")).Json.GetProperty("memory");
        Assert.Equal(0, memory.GetProperty("preparedBytes").GetInt64());
    }

    [SkippableFact]
    public async Task A_folder_that_a_group_can_write_to_is_prepared_into_where_that_is_said()
    {
        if (!OperatingSystem.IsLinux())
            throw new SkipException("skipped: looks at what Linux says of a file's users");
        Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(_tiny.Save())!, "entries"));
        File.SetUnixFileMode(Folder, File.GetUnixFileMode(Folder) | UnixFileMode.GroupWrite);
        ToolRun refused = await ToolRun.Of("prepare", _tiny.Path, "-o", Folder, "--cores", "1");
        Assert.Equal(1, refused.Code);
        Assert.Contains("give --trust-group to cleave prepare", refused.Error);
        ToolRun trusted = await ToolRun.Of("prepare", _tiny.Path, "-o", Folder, "--cores", "1", "--trust-group");
        Assert.Equal("", trusted.Code == 0 ? "" : trusted.Output + trusted.Error);
        Assert.Single(Directory.GetDirectories(Folder));
    }

    [Fact]
    public async Task Check_names_what_is_missing_looks_at_the_other_entries_and_at_the_model()
    {
        string outside = Outside();
        await ToolRun.Of("prepare", _tiny.Save(), "-o", Folder, "--cores", "1");
        await ToolRun.Of("prepare", _tiny.Path, "-o", Folder, "--cores", "1", "--weights", "Copy");
        string[] entries = Directory.GetDirectories(Folder);
        Assert.Equal(2, entries.Length);
        ToolRun whole = await ToolRun.Of("prepare", "--check", Folder, "--model", _tiny.Path);
        Assert.Equal("", whole.Code == 0 ? "" : whole.Output + whole.Error);

        // In the middle of a tensor, where no digest of the edges looks.
        byte[] bytes = File.ReadAllBytes(outside);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(outside, bytes);
        Assert.Equal(0, (await ToolRun.Of("prepare", "--check", Folder)).Code);
        ToolRun changed = await ToolRun.Of("prepare", "--check", Folder, "--model", _tiny.Path);
        Assert.Equal((1, 2), (changed.Code, changed.Output.Split("; the model was changed\n").Length - 1));

        File.Delete(Path.Combine(entries[0], PreparedManifest.WeightsFile));
        ToolRun missing = await ToolRun.Of("prepare", "--check", Folder, "--model", _tiny.Path);
        Assert.Equal((1, ""), (missing.Code, missing.Error));
        Assert.Contains(Path.GetFileName(entries[0]) + ": tiny_model, Whole, ", missing.Output);
        Assert.Contains("; weights.bin is missing\n", missing.Output);
        Assert.Contains("; the model was changed\n", missing.Output);
    }

    /// <summary>Trained again, or another model: nothing of what is there says anything of it.</summary>
    [Fact]
    public async Task Check_of_a_model_without_entries_shows_nothing()
    {
        await ToolRun.Of("prepare", _tiny.Save(), "-o", Folder, "--cores", "1");
        using TinyModel other = new();
        ToolRun none = await ToolRun.Of("prepare", "--check", Folder, "--model", other.Save());
        Assert.Equal((1, ""), (none.Code, none.Error));
        Assert.EndsWith($"{Folder}: no entry was made of {other.Path}\n", none.Output);

        OnnxProto.TensorProto weights = _tiny.Model.Graph.Initializer.Single(static i => i.Name == "m");
        weights.RawData = ByteString.CopyFrom(new byte[weights.RawData.Length]);
        ToolRun retrained = await ToolRun.Of("prepare", "--check", Folder, "--model", _tiny.Save());
        Assert.Equal(1, retrained.Code);
        Assert.EndsWith($"{Folder}: no entry was made of {_tiny.Path}\n", retrained.Output);

        // Those of the weights before are deleted where that is asked for, and no others.
        string before = Path.GetFileName(Assert.Single(Directory.GetDirectories(Folder)));
        weights.RawData = ByteString.CopyFrom([.. Enumerable.Range(0, weights.RawData.Length / sizeof(float)).SelectMany(static i => BitConverter.GetBytes((i % 11 - 5) / 8f))]);
        Assert.StartsWith("Whole: prepared, ", (await ToolRun.Of("prepare", _tiny.Save(), "-o", Folder, "--cores", "1")).Output);
        Assert.Equal("", (await ToolRun.Of("prepare", "--prune", Folder)).Output);
        Assert.Equal("", (await ToolRun.Of("prepare", "--prune", Folder, "--model", other.Path)).Output);
        Assert.Equal($"deleted {before}\n", (await ToolRun.Of("prepare", "--prune", Folder, "--model", _tiny.Path)).Output);
        Assert.Single(Directory.GetDirectories(Folder));
    }

    [Fact]
    public async Task Metadata_of_the_item_that_changes_the_sessions_can_be_given()
    {
        Outside();
        ToolRun run = await ToolRun.Of("prepare", _tiny.Save(), "-o", Folder, "--cores", "1", "--slicing", "true", "--weights", "Copy", "--precision", "AsPublished");
        Assert.Equal("", run.Code == 0 ? "" : run.Output + run.Error);
        Assert.Equal("prepared", Way(WeightLoading.Copy));
        Assert.NotEqual("prepared", Way(WeightLoading.Map));
        foreach (string option in new[] { "--slicing", "--weights", "--precision" })
        {
            ToolRun wrong = await ToolRun.Of("prepare", _tiny.Path, "-o", Folder, option, "nonsense");
            Assert.Equal(1, wrong.Code);
            Assert.Contains("nonsense", wrong.Error);
        }

        string Way(WeightLoading weights)
        {
            using LooseRunner runner = new(
                _tiny.Path, LooseDefinition.SpecOf(_tiny.Path, Core.Onnx.ModelReader.ReadFile(_tiny.Path), new Core.Listing.ListingOptions()),
                new RunnerOptions { Prepared = Folder, Weights = weights });
            return runner.Engine.Plan.Sessions.Single().Way;
        }
    }

    // The larger weight in a file of its own, which is mapped where ONNX Runtime gets a cleaned graph.
    private string Outside()
    {
        OnnxProto.TensorProto tensor = _tiny.Model.Graph.Initializer.Single(static i => i.Name == "m");
        string path = Path.Combine(Path.GetDirectoryName(_tiny.Path)!, "m.bin");
        File.WriteAllBytes(path, tensor.RawData.ToByteArray());
        tensor.RawData = ByteString.Empty;
        tensor.DataLocation = OnnxProto.TensorProto.Types.DataLocation.External;
        tensor.ExternalData.Add(new OnnxProto.StringStringEntryProto { Key = "location", Value = "m.bin" });
        return path;
    }
}
