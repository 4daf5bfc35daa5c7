using System;
using System.IO;
using System.Linq;
using Cleave.Cores;
using Cleave.OnnxProto;
using Cleave.Prepared;
using Cleave.Runtime.Tests.Support;
using Cleave.Sessions;
using Cleave.Sources;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Cleave.Runtime.Tests.Prepared;

/// <summary>What must not be used, is not; the model is opened plainly and one line says why.</summary>
public sealed class RefusalTests
{
    public static TheoryData<string, string> Foreign => new()
    {
        { "processor", "another processor" },
        { "onnxruntime", "another ONNX Runtime" },
        { "library", "another build of ONNX Runtime" },
        { "configuration", "another configuration" },
        { "weights", "other weights" },
    };

    [Theory]
    [MemberData(nameof(Foreign))]
    public void What_was_prepared_for_something_else_says_for_what(string field, string why)
    {
        using PreparedModel model = new();
        model.Prepare();
        model.Rewrite(m => m with { Target = Changed(m.Target, field) });
        // Where its own entry would lie, and where another machine would have put it. Without weights: they are not even looked for.
        File.Delete(model.Weights);
        model.AssertPlain("it was prepared for " + why.Replace("it was prepared for ", ""));
        PreparedTarget target = PreparedManifest.Read(File.ReadAllBytes(model.Manifest)).Target;
        Directory.Move(model.Entry, Path.Combine(model.Folder, target.FolderName));
        using LooseRunner runner = model.Open();
        Assert.False(PreparedModel.IsPrepared(runner));
        Assert.Contains("has no entry for it: it was prepared for " + why + ": ", model.Logger.Lines[^2]);
    }

    [Fact]
    public void Retrained_weights_are_opened_plainly()
    {
        using PreparedModel model = new();
        model.Prepare();
        File.WriteAllBytes(model.Path, Models.Toy(PreparedModel.Width, seed: 5).ToByteArray());
        model.AssertPlain("other weights");
    }

    // These weights are no tensors, and no part of the graph's hash; file and entry look as before, byte for byte as many.
    [Theory]
    [InlineData("coefficients")]
    [InlineData("constant")]
    public void Retrained_weights_in_attributes_are_opened_plainly(string where)
    {
        DateTime written = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        using PreparedModel model = new(WithHead(1));
        File.SetLastWriteTimeUtc(model.Path, written);
        model.Prepare();
        using Lookup lookup = new(model);
        Assert.Equal("", lookup.WhyNot());
        File.WriteAllBytes(model.Path, WithHead(2).ToByteArray());
        File.SetLastWriteTimeUtc(model.Path, written);
        model.AssertPlain("other weights");

        ModelProto WithHead(float learned)
        {
            ModelProto toy = Models.Toy(PreparedModel.Width);
            string output = toy.Graph.Output[0].Name;
            foreach (NodeProto node in toy.Graph.Node.Where(n => n.Output.Contains(output)))
                node.Output[node.Output.IndexOf(output)] = "before";
            AttributeProto number = new() { Name = where == "constant" ? "value_float" : "scale" };
            if (where == "constant")
            {
                (number.Type, number.F) = (AttributeProto.Types.AttributeType.Float, learned);
                toy.Graph.Node.Add(new NodeProto { Name = "head", OpType = "Constant", Output = { "factor" }, Attribute = { number } });
                toy.Graph.Node.Add(new NodeProto { Name = "by", OpType = "Mul", Input = { "before", "factor" }, Output = { output } });
                return toy;
            }
            number.Type = AttributeProto.Types.AttributeType.Floats;
            number.Floats.Add(Enumerable.Repeat(learned, PreparedModel.Width));
            AttributeProto offset = new() { Name = "offset", Type = AttributeProto.Types.AttributeType.Floats, Floats = { new float[PreparedModel.Width] } };
            toy.OpsetImport.Add(new OperatorSetIdProto { Domain = "ai.onnx.ml", Version = 3 });
            toy.Graph.Node.Add(new NodeProto { Name = "head", OpType = "Scaler", Domain = "ai.onnx.ml", Input = { "before" }, Output = { output }, Attribute = { offset, number } });
            return toy;
        }
    }

    [Fact]
    public void One_changed_weight_in_the_middle_of_the_model_is_found()
    {
        using PreparedModel model = new();
        model.Prepare();
        PreparedModel.FlipByte(model.Path, File.ReadAllBytes(model.Path).AsSpan().LastIndexOf("w2"u8) + 5000);
        model.AssertPlain("was prepared for other weights");
    }

    [Fact]
    public void Every_damaged_byte_of_the_manifest_is_refused()
    {
        using PreparedModel model = new();
        model.Prepare();
        byte[] whole = File.ReadAllBytes(model.Manifest);
        using Lookup lookup = new(model);
        Assert.Equal("", lookup.WhyNot());
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] damaged = [.. whole];
            damaged[i] ^= 0x01;
            File.WriteAllBytes(model.Manifest, damaged);
            Assert.Contains("is damaged", lookup.WhyNot());
        }
        File.WriteAllBytes(model.Manifest, whole[..^1]);
        Assert.Contains("is damaged", lookup.WhyNot());
    }

    [Theory]
    [InlineData("../weights.bin")]
    [InlineData("a\\b")]
    [InlineData("..")]
    [InlineData("")]
    public void A_manifest_that_names_files_elsewhere_is_refused(string name)
    {
        using PreparedModel model = new();
        model.Prepare();
        model.Rewrite(m => m with { Files = [m.Files[0], m.Files[1] with { Name = name }] });
        model.AssertPlain("is no plain file name");
    }

    [Fact]
    public void Files_that_the_manifest_does_not_expect_are_refused()
    {
        using PreparedModel model = new();
        model.Prepare();
        model.Rewrite(m => m with { Files = [m.Files[0]] });
        model.AssertPlain("does not name a graph and weights");
    }

    [Fact]
    public void Truncated_and_missing_weights_are_refused()
    {
        using PreparedModel model = new();
        model.Prepare();
        byte[] weights = File.ReadAllBytes(model.Weights);
        File.WriteAllBytes(model.Weights, weights[..^1]);
        model.AssertPlain("weights.bin in " + model.Entry + " has another length");
        File.Delete(model.Weights);
        using LooseRunner runner = model.Open();
        Assert.False(PreparedModel.IsPrepared(runner));
    }

    [Theory]
    [InlineData("graph.onnx", true)]
    [InlineData("weights.bin", false)]
    public void A_byte_changed_in_the_middle_of_a_file_is_refused(string file, bool secretly)
    {
        using PreparedModel model = new();
        model.Prepare();
        string path = Path.Combine(model.Entry, file);
        // A graph is hashed at every start; of weights all bytes count where the time says that they were written to.
        Action change = () => PreparedModel.FlipByte(path, new FileInfo(path).Length / 2);
        if (secretly)
            model.Secretly(path, change);
        else
            change();
        model.AssertPlain("was changed after it was prepared");
    }

    [Fact]
    public void Weights_changed_secretly_are_found_by_the_digest_at_their_edges_and_by_the_probe_inside()
    {
        using PreparedModel model = new();
        model.Prepare();
        model.Secretly(model.Weights, () => PreparedModel.FlipByte(model.Weights, 3));
        model.AssertPlain("was changed after it was prepared");

        using PreparedModel other = new();
        other.Prepare();
        other.ChangeWeightsSecretly();
        other.AssertPlain("its results differ from those of the plain model");
    }

    [Fact]
    public void An_entry_whose_probe_fails_is_marked_with_both_processors_and_replaced_by_the_next_preparation()
    {
        using PreparedModel model = new();
        model.Prepare();
        model.Rewrite(m => m with { Expected = m.Expected.ToDictionary(e => e.Key, e => new string('0', 64)) });
        model.AssertPlain("its results differ from those of the plain model");
        string warning = Assert.Single(model.Logger.Warnings);
        Assert.Contains("for the processor " + CpuSignature.Of() + "; here: " + CpuSignature.Of(), warning);
        using (model.Open())
            Assert.Contains("was marked: its results differ", model.Logger.Lines[^2]);
        Assert.True(Assert.Single(model.Prepare()).IsNew);
        using LooseRunner runner = model.Open();
        Assert.True(PreparedModel.IsPrepared(runner));
    }

    [SkippableFact]
    public void A_refused_entry_is_closed_while_its_runner_goes_on()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "skipped: only Linux lists the files that a process has open");
        using PreparedModel model = new();
        model.Prepare();
        using (LooseRunner good = model.Open())
        {
            Assert.True(PreparedModel.IsPrepared(good));
            Assert.Contains(model.Weights, Open());
        }
        model.ChangeWeightsSecretly();
        using LooseRunner runner = model.Open();
        Assert.False(PreparedModel.IsPrepared(runner));
        Assert.DoesNotContain(model.Weights, Open());

        static string?[] Open() => [.. new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos().Select(static f => f.LinkTarget)];
    }

    [SkippableTheory]
    [InlineData("folder", UnixFileMode.OtherWrite, "every user can write to")]
    [InlineData("folder", UnixFileMode.GroupWrite, "a group can write to")]
    [InlineData("entry", UnixFileMode.OtherWrite, "every user can write to")]
    [InlineData("manifest.txt", UnixFileMode.GroupWrite, "a group can write to")]
    [InlineData("graph.onnx", UnixFileMode.OtherWrite, "every user can write to")]
    [InlineData("weights.bin", UnixFileMode.OtherWrite, "every user can write to")]
    public void What_others_can_write_to_is_refused(string what, UnixFileMode extra, string why)
    {
        if (!OperatingSystem.IsLinux())
            throw new SkipException("skipped: looks at what Linux says of a file's users");
        using PreparedModel model = new();
        model.Prepare();
        string path = what switch { "folder" => model.Folder, "entry" => model.Entry, _ => Path.Combine(model.Entry, what) };
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | extra);
        model.AssertPlain(why);
        using LooseRunner trusting = model.Open(static o => o.PreparedTrustGroup = true);
        Assert.Equal(extra == UnixFileMode.GroupWrite, PreparedModel.IsPrepared(trusting));
    }

    [SkippableFact]
    public void What_belongs_to_another_user_is_refused()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "needs root, to give a file away");
        using PreparedModel model = new();
        model.Prepare();
        GiveAway(model.Weights, 12345);
        model.AssertPlain(model.Weights + " belongs to another user");
        GiveAway(model.Weights, 0);
        using LooseRunner runner = model.Open();
        Assert.True(PreparedModel.IsPrepared(runner));

        static void GiveAway(string path, int user)
        {
            using System.Diagnostics.Process process = System.Diagnostics.Process.Start("chown", [user.ToString(System.Globalization.CultureInfo.InvariantCulture), path]);
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }
    }

    [Fact]
    public void What_the_system_says_nothing_of_is_refused_where_it_is_there()
    {
        using PreparedModel model = new();
        Assert.Contains("does not say who can write", new FolderTrust(false).WhyNot(model.Path, null));
        Assert.Null(new FolderTrust(false).WhyNot(model.Path + "-missing", null));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_file_that_changes_before_or_while_a_session_is_created_is_refused(bool before)
    {
        using PreparedModel model = new();
        bool changes = false;
        RunnerOptions configured = new()
        {
            PreparedKey = "changes",
            // Called within the creation of each session.
            ConfigureSession = (_, _) =>
            {
                if (changes)
                    Replace();
            },
        };
        model.Prepare(configured);
        using LooseRunner runner = model.Open(o =>
        {
            o.ConfigureSession = configured.ConfigureSession;
            o.PreparedKey = configured.PreparedKey;
        });
        Assert.True(PreparedModel.IsPrepared(runner));
        changes = true;
        if (before)
            Replace();

        using SegmentSession session = runner.Engine.Sessions.Factory.Create(runner.Engine.Plan.Outline.Plan.Segments[0], 1);

        Assert.Equal("opened by path as published", session.Way);
        Assert.Contains("another file has its name now", Assert.Single(model.Logger.Warnings));

        void Replace()
        {
            changes = false;
            File.Copy(model.Weights, model.Weights + ".new");
            File.Move(model.Weights + ".new", model.Weights, overwrite: true);
        }
    }

    [Fact]
    public void A_folder_that_is_missing_or_empty_costs_nothing_but_a_line()
    {
        using PreparedModel model = new();
        model.AssertPlain("does not exist");
        Assert.False(Directory.Exists(model.Folder));
        Directory.CreateDirectory(model.Folder);
        using (model.Open())
            Assert.Contains("has no entry for it", model.Logger.Lines[^2]);
        Assert.Empty(Directory.GetFileSystemEntries(model.Folder));
    }

    // Looks an entry up as a runner does, without opening a session.
    private sealed class Lookup : IDisposable
    {
        private readonly PreparedModel _model;
        private readonly OpenedModel _opened;
        private readonly SessionFactory _factory;
        private readonly PreparedTarget _target;

        public Lookup(PreparedModel model)
        {
            _model = model;
            Generated.ModelDefinition definition = model.Definition();
            RunnerOptions options = new() { Model = ModelSource.File(model.Path) };
            _opened = OpenedModel.Open(definition, options);
            _factory = new SessionFactory(_opened, definition, options, isMember: false, ProcessFiles.System, NullLogger.Instance);
            _target = _factory.Targets.Of(definition.Budgets[0].Plan.Segments[0], isSliced: false, out _)!;
        }

        public string WhyNot()
        {
            using PreparedEntry? entry = PreparedEntry.Open(_model.Folder, _target, _factory.ModelWeights, new FolderTrust(false), out string why);
            return entry is null ? why : "";
        }

        public void Dispose()
        {
            _factory.Dispose();
            _opened.Dispose();
        }
    }

    private static PreparedTarget Changed(PreparedTarget target, string field) => field switch
    {
        "processor" => target with { Processor = "x64 GenuineIntel 000306c0" },
        "onnxruntime" => target with { OnnxRuntime = "1.2.3" },
        "library" => target with { Library = "libonnxruntime.so 1 0" },
        "configuration" => target with { Configuration = "else" },
        "weights" => target with { Weights = new string('0', 64) },
        _ => throw new ArgumentException("no field", nameof(field)),
    };
}
