using System;
using System.IO;
using System.Linq;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Cleave.Sessions;
using Cleave.Sources;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>Which file is opened, how, and which is refused.</summary>
public sealed class OpeningTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ListLogger _logger = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_missing_file_says_where_it_was_sought()
    {
        CleaveException e = Assert.Throws<CleaveException>(() => new LooseRunner(Definitions.Of(Models.Times(2))));
        Assert.Equal("CLV4001", e.Id);
        Assert.Contains(Path.Combine(AppContext.BaseDirectory, "models", "test.onnx"), e.Message);
        Assert.Contains("CLEAVE_MODELS", e.Message);
    }

    [Fact]
    public void The_default_place_is_under_CLEAVE_MODELS_then_beside_the_application()
    {
        string beside = Path.Combine(AppContext.BaseDirectory, "models", "test.onnx");
        Assert.Equal([beside], ModelLocation.Places("models/test.onnx", null));
        Assert.Equal([beside], ModelLocation.Places("models/test.onnx", " "));
        Assert.Equal([_folder["models/test.onnx"], beside], ModelLocation.Places("models/test.onnx", _folder.Path));
    }

    [Fact]
    public void Another_graph_is_refused_another_weight_is_not()
    {
        ModelDefinition definition = Definitions.Of(Models.Times(2));
        using (LooseRunner retrained = new(definition, InMemory(Models.Times(7))))
            Assert.Equal(7f, Models.FactorOf(retrained));
        CleaveException e = Assert.Throws<CleaveException>(() => new LooseRunner(Definitions.Of(Models.Times(2)), InMemory(Models.Times(2, length: 5))));
        Assert.Equal("CLV4002", e.Id);
        Assert.Contains(definition.Hash, e.Message);
        Assert.Contains(Definitions.Of(Models.Times(2, length: 5)).Hash, e.Message);
    }

    [Fact]
    public void Another_contract_is_refused()
    {
        CleaveException e = Assert.Throws<CleaveException>(() => new LooseRunner(Definitions.Of(Models.Times(2).ToByteArray(), contract: 2)));
        Assert.Equal("CLV4003", e.Id);
        Assert.Contains("contract 2; this Cleave.Runtime serves 1", e.Message);
    }

    [Fact]
    public void A_damaged_file_is_named()
    {
        string path = _folder.Write("empty.onnx", []);
        CleaveException e = Assert.Throws<CleaveException>(() => new LooseRunner(Definitions.Of(Models.Times(2)), At(path)));
        Assert.Equal("CLV1002", e.Id);
        Assert.Contains(path, e.Message);
        Assert.EndsWith("CLV1002.md", e.HelpLink);
    }

    [Fact]
    public void What_ONNX_Runtime_refuses_is_named()
    {
        ModelProto model = Models.Times(2);
        model.Graph.Node[0].OpType = "NoSuchOperator";
        CleaveException e = Assert.Throws<CleaveException>(() => LooseRunner.Of(model));
        Assert.Equal("CLV4007", e.Id);
        Assert.Contains("NoSuchOperator", e.Message);
        Assert.IsType<OnnxRuntimeException>(e.InnerException);
    }

    [Fact]
    public void A_missing_native_library_is_explained()
    {
        CleaveException? e = NativeLibrary.Explain(new TypeInitializationException("x", new DllNotFoundException("Unable to load onnxruntime\nTried: a")), "m");
        Assert.Equal("CLV4005", e?.Id);
        Assert.Contains("Unable to load onnxruntime. Reference", e!.Message);
        Assert.NotNull(NativeLibrary.Explain(new EntryPointNotFoundException("OrtGetApiBase"), "m"));
        Assert.Null(NativeLibrary.Explain(new InvalidOperationException(), "m"));
    }

    [Fact]
    public void A_plain_model_is_opened_by_path_an_overridable_one_is_cleaned()
    {
        Open(Models.Times(2), "opened by path as published", o => { });
        Open(Models.TimesOverridable(2, ir: 3), "opened by path as published", o => { });
        Open(Models.TimesOverridable(2, ir: 8), "sliced", o => { });
        Open(Models.TimesOverridable(2, ir: 8), "opened by path as published", o => o.Slicing = false);
        Open(Models.TimesOverridable(2, ir: 8), "sliced", o => o.Model = ModelSource.Bytes(Models.TimesOverridable(2, ir: 8).ToByteArray()));
        Open(Models.Times(2), "opened from memory as published", o => o.Model = ModelSource.Bytes(Models.Times(2).ToByteArray()));

        void Open(ModelProto model, string way, Action<RunnerOptions> change)
        {
            RunnerOptions options = At(_folder.Write("m.onnx", model.ToByteArray()));
            change(options);
            using LooseRunner runner = new(Definitions.Of(model), options);
            Assert.Equal(2f, Models.FactorOf(runner));
            Assert.Contains(way, _logger.Lines[^1]);
            Assert.Equal(way == "sliced" || !model.Graph.Input.Skip(1).Any() || model.IrVersion < 4 ? 0 : 1, runner.Engine.Plan.Sessions[0].Session.OverridableInitializerMetadata.Count);
        }
    }

    [Fact]
    public void One_line_says_what_was_chosen()
    {
        Plan plan = Definitions.Whole([], []);
        ModelProto model = Models.Times(2);
        ModelDefinition plain = Definitions.Of(model);
        Plan one = Definitions.Whole(plain.Inputs, plain.Outputs), two = Definitions.Whole(plain.Inputs, plain.Outputs);
        using LooseRunner runner = new(Definitions.Of(model, [new(1, one, 1), new(2, two, 2), new(5000, plan, 8)]), Logging(new() { Model = ModelSource.Bytes(model.ToByteArray()), Cores = 1 }));
        string line = Assert.Single(_logger.Lines);
        Assert.Matches(@"^Cleave opened test: plan Whole, 1 of the process's cores \(.+\), threads 1, opened from memory as published, weights Copy \(the model is in memory\), [\d.]+ ms$", line);
        Assert.Equal(1, runner.Engine.Plan.Sessions[0].Threads);
        Assert.Same(one.Lanes[0], runner.Engine.Plan.Outline.Plan.Lanes[0]);
    }

    [Fact]
    public void The_last_row_that_fits_is_chosen()
    {
        Plan plan = Definitions.Whole([], []);
        Budget[] rows = [new(1, plan, 1), new(2, plan, 2), new(4, plan, 3)];
        Assert.Equal([1, 2, 2, 3, 3], new[] { 1, 2, 3, 4, 64 }.Select(cores => Budget.Choose(rows, cores).Threads[0]));
        Assert.Equal(4, Budget.Choose([new(4, plan, 4)], 1).Threads[0]);
    }

    [Fact]
    public void A_copy_does_not_notice_what_happens_to_the_file()
    {
        string path = _folder.Write("m.onnx", Models.Times(3).ToByteArray());
        using LooseRunner runner = new(Definitions.Of(Models.Times(3)), At(path, WeightLoading.Copy));
        Assert.Equal(3f, Models.FactorOf(runner));
        using (FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(0);
            file.Write(new byte[5000]);
        }
        for (int i = 0; i < 3; i++)
            Assert.Equal(3f, Models.FactorOf(runner));
    }

    [SkippableTheory]
    [InlineData("rename", "another file has its name now")]
    [InlineData("delete", "the file is gone")]
    [InlineData("append", "its length was")]
    [InlineData("touch", "it was written to")]
    public void No_session_is_made_from_a_file_that_changed(string what, string reason)
    {
        Skip.If(what == "rename" && !OperatingSystem.IsLinux(), "skipped: inodes are compared on Linux only");
        byte[] bytes = Models.Times(3).ToByteArray();
        string path = _folder.Write("m.onnx", bytes);
        using LooseRunner runner = new(Definitions.Of(Models.Times(3)), At(path));
        using (SegmentSession later = Create())
            Assert.NotNull(later.Session);
        switch (what)
        {
            case "rename":
                string other = _folder.Write("n.onnx", bytes);
                File.SetLastWriteTimeUtc(other, File.GetLastWriteTimeUtc(path));
                File.Move(other, path, overwrite: true);
                break;
            case "delete":
                File.Delete(path);
                break;
            case "append":
                File.AppendAllText(path, "x");
                break;
            case "touch":
                File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddSeconds(-5));
                break;
        }
        CleaveException e = Assert.Throws<CleaveException>(() => Create().Dispose());
        Assert.Equal("CLV4004", e.Id);
        Assert.Contains(reason, e.Message);
        Assert.Contains(path, e.Message);
        Assert.Equal(3f, Models.FactorOf(runner));

        SegmentSession Create() => runner.Engine.Sessions.Factory.Create(runner.Engine.Plan.Sessions[0].Segment, 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_that_changes_while_the_session_is_made_is_refused(bool damaged)
    {
        string path = _folder.Write("m.onnx", Models.Times(3).ToByteArray());
        RunnerOptions options = At(path);
        options.ConfigureSession = (_, _) =>
        {
            if (damaged)
                File.AppendAllText(path, "\0");
            else
                File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddSeconds(-5));
        };
        CleaveException e = Assert.Throws<CleaveException>(() => new LooseRunner(Definitions.Of(Models.Times(3)), options));
        Assert.Equal("CLV4004", e.Id);
    }

    [Fact]
    public void Mapped_weights_give_the_same_results_through_links_too()
    {
        ModelProto model = Models.Toy(width: 128);
        string path = _folder.Write("real/m.onnx", model.ToByteArray());
        File.CreateSymbolicLink(_folder["link.onnx"], path);
        Directory.CreateSymbolicLink(_folder["folder"], _folder["real"]);
        Assert.Equal(path, ModelLocation.FinalTarget(_folder["link.onnx"]));
        float[] expected = Run(path, WeightLoading.Copy);
        Assert.DoesNotContain("weights Map", _logger.Lines[^1]);
        foreach (string place in new[] { path, _folder["link.onnx"], _folder["folder/m.onnx"] })
        {
            Assert.Equal(expected, Run(place, WeightLoading.Map));
            Assert.Contains("sliced, weights Map (asked for)", _logger.Lines[^1]);
        }

        float[] Run(string place, WeightLoading weights)
        {
            using LooseRunner runner = new(Definitions.Of(model), At(place, weights));
            using LooseOutput output = runner.Run((ref b) => b.Copy<float>(0, Onnx.Random(128, 9)));
            return output.Get<float>(0).ToArray();
        }
    }

    [Fact]
    public void Where_the_system_has_no_inodes_a_link_is_the_file_that_it_leads_to()
    {
        string file = _folder.Write("models/1/model.onnx", Models.Times(2).ToByteArray()), link = _folder["model.onnx"];
        File.CreateSymbolicLink(link, file);
        using SafeFileHandle opened = File.OpenHandle(link);
        FileIdentity held = FileIdentity.WithoutStat(opened);
        Assert.Null(held.Difference(FileIdentity.WithoutStat(link)));
        Assert.Null(held.Difference(FileIdentity.WithoutStat(file)));
        File.AppendAllText(file, "more");
        Assert.Contains("its length was", held.Difference(FileIdentity.WithoutStat(link)));
        File.Delete(file);
        Assert.Equal("the file is gone", held.Difference(FileIdentity.WithoutStat(link)));
    }

    [Theory]
    [InlineData(7, 0)]
    // What the process has mapped by now: other sessions, say.
    [InlineData(40, 9)]
    public void Too_many_tensors_to_map_are_copied(int most, int present)
    {
        ModelProto model = Models.Toy(width: 128);
        string path = _folder.Write("m.onnx", model.ToByteArray());
        _folder.Write("root/proc/sys/vm/max_map_count", most + "\n");
        _folder.Write("root/proc/self/maps", string.Concat(Enumerable.Repeat("7f0000000000-7f0000001000 r--p 00000000 00:00 0\n", present)));
        ModelDefinition definition = Definitions.Of(model);
        RunnerOptions options = At(path, WeightLoading.Map);
        using OpenedModel opened = OpenedModel.Open(definition, options);
        SessionFactory sessions = new(opened, definition, options, isMember: false, new ProcessFiles(_folder["root"]), _logger);
        using SegmentSession session = sessions.Create(definition.Budgets[0].Plan.Segments[0], 1);
        Assert.Contains($"would take 2 mappings beside the {present} that the process has, more than a quarter of vm.max_map_count ({most})", Assert.Single(_logger.Warnings));
        Assert.Equal(WeightLoading.Copy, sessions.Weights.Loading);
        Assert.Equal("sliced", session.Way);
        sessions = new(opened, definition, options, isMember: false, new ProcessFiles(_folder["nowhere"]), _logger);
        sessions.Create(definition.Budgets[0].Plan.Segments[0], 1).Dispose();
        Assert.Single(_logger.Warnings);
        Assert.Equal(WeightLoading.Map, sessions.Weights.Loading);
    }

    [Fact]
    public void Weights_in_a_file_of_their_own()
    {
        (ModelProto model, byte[] data) = WithExternalData();
        string path = _folder.Write("m.onnx", model.ToByteArray());
        Assert.Equal("CLV1011", Refused(At(path)));
        string weights = _folder.Write("m.data", data);
        using (LooseRunner runner = new(Definitions.Of(model), At(path)))
        {
            Assert.Equal(3f, Models.FactorOf(runner));
            Assert.Contains("opened by path as published, weights Map", _logger.Lines[^1]);
            File.Move(_folder.Write("n.data", data), weights, overwrite: true);
            CleaveException e = Assert.Throws<CleaveException>(() => runner.Engine.Sessions.Factory.Create(runner.Engine.Plan.Sessions[0].Segment, 1));
            Assert.Contains("m.data: ", e.Message);
        }
        using (LooseRunner runner = new(Definitions.Of(model), At(path, WeightLoading.Copy)))
        {
            Assert.Equal(3f, Models.FactorOf(runner));
            Assert.Contains("sliced, weights Copy", _logger.Lines[^1]);
            // ONNX Runtime would map this file, had it opened the model by path.
            File.WriteAllBytes(weights, BitConverter.GetBytes(7f));
            Assert.Equal(3f, Models.FactorOf(runner));
        }
        File.WriteAllBytes(weights, [1]);
        Assert.Equal("CLV1012", Refused(At(path)));
        Assert.Equal("CLV1011", Refused(InMemory(model)));

        string Refused(RunnerOptions options) => Assert.Throws<CleaveException>(() => new LooseRunner(Definitions.Of(model), options)).Id;
    }

    private static (ModelProto, byte[]) WithExternalData()
    {
        ModelProto model = Models.Times(3);
        TensorProto factor = model.Graph.Initializer[0];
        byte[] data = factor.RawData.ToByteArray();
        factor.RawData = ByteString.Empty;
        factor.DataLocation = TensorProto.Types.DataLocation.External;
        factor.ExternalData.Add([new() { Key = "location", Value = "m.data" }, new() { Key = "offset", Value = "0" }, new() { Key = "length", Value = "4" }]);
        return (model, data);
    }

    private RunnerOptions At(string path, WeightLoading weights = WeightLoading.Auto) =>
        Logging(new() { Model = ModelSource.File(path), Weights = weights });

    private RunnerOptions InMemory(ModelProto model) => Logging(new() { Model = ModelSource.Bytes(model.ToByteArray()) });

    private RunnerOptions Logging(RunnerOptions options)
    {
        options.Logger = _logger;
        return options;
    }
}
