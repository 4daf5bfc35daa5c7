using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.Prepared;
using Cleave.Prepared.Making;
using Cleave.Runtime.Tests.Support;
using Cleave.Sessions;
using Cleave.TestKit;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Prepared;

/// <summary>What preparing writes, and what it does where it cannot.</summary>
public sealed class MakingTests
{
    [Fact]
    public void Nodes_on_another_execution_provider_are_noticed_by_its_name()
    {
        NodeAssignment here = new("CPUExecutionProvider", "Conv", "a"), there = new("XnnpackExecutionProvider", "Conv", "b");
        Assert.Null(UnsuitableOperators.Elsewhere([here, here]));
        Assert.Equal("XnnpackExecutionProvider", UnsuitableOperators.Elsewhere([here, there]));
    }

    [Fact]
    public void A_process_killed_at_any_step_leaves_nothing_that_is_used_or_in_the_way()
    {
        using PreparedModel model = new();
        using TempFolder copies = new();
        List<string> steps = [];
        model.Prepare(at: step =>
        {
            // What is on the disk now is what a killed process leaves.
            CopyFolder(model.Folder, copies[steps.Count.ToString()]);
            steps.Add(step);
        });
        Assert.Equal(
            ["attempt noted", "folder made", "session of a sample created", "one sample tried", "samples found", .. Enumerable.Repeat("one sample run", 4), "plain results known", "weights written",
                .. Enumerable.Repeat("one sample run", 3), "results compared", "one weight damaged", "one weight damaged", "damage noticed", "files finished", "manifest written", "entry in place"], steps);
        for (int i = 0; i < steps.Count; i++)
        {
            string left = copies[i.ToString()];
            using (LooseRunner runner = model.Open(o => o.Prepared = left))
            {
                Assert.Equal(steps[i] == "entry in place", PreparedModel.IsPrepared(runner));
                Assert.Equal(model.Plainly(), PreparedModel.Run(runner));
            }
            Assert.Null(Assert.Single(model.Prepare(folder: left)).WhyNot);
            Assert.Empty(Directory.GetDirectories(left, EntryWriter.TemporaryPrefix + "*"));
            using LooseRunner next = model.Open(o => o.Prepared = left);
            Assert.True(PreparedModel.IsPrepared(next));
        }
    }

    [Fact]
    public void A_preparation_that_fails_leaves_nothing()
    {
        using PreparedModel model = new();
        Assert.Throws<OperationCanceledException>(() => model.Prepare(at: static step =>
        {
            if (step == "results compared")
                throw new OperationCanceledException();
        }));
        Assert.Empty(model.Entries);
        Assert.Null(Assert.Single(model.Prepare()).WhyNot);
    }

    [Fact]
    public void After_two_attempts_that_did_not_end_none_is_made_until_they_are_pruned()
    {
        using PreparedModel model = new();
        for (int i = 0; i < Attempts.Most; i++)
            Assert.Throws<IOException>(() => model.Prepare(isAsked: false, at: Fail));
        Assert.Contains("two attempts failed", Assert.Single(model.Prepare(isAsked: false)).WhyNot);
        Assert.Single(Housekeeping.Prune(model.Folder, new FolderTrust(false)));
        Assert.Null(Assert.Single(model.Prepare(isAsked: false)).WhyNot);

        static void Fail(string step)
        {
            if (step == "folder made")
                throw new IOException("no space");
        }
    }

    [Fact]
    public void An_extension_that_did_not_end_once_is_tried_again()
    {
        using PreparedModel model = new();
        model.Prepare(isAsked: false);
        model.Rewrite(static m => m with { Expected = m.Expected.ToDictionary(static e => e.Key + 6, static e => e.Value) });
        Assert.Throws<IOException>(() => model.Prepare(isAsked: false, at: Fail));
        Assert.Null(Assert.Single(model.Prepare(isAsked: false)).WhyNot);
        // Those that ended do not count.
        for (int i = 0; i < Attempts.Most; i++)
        {
            model.Rewrite(static m => m with { Expected = m.Expected.ToDictionary(static e => e.Key + 6, static e => e.Value) });
            Assert.Throws<IOException>(() => model.Prepare(isAsked: false, at: Fail));
        }
        Assert.Contains("two attempts to add thread counts", Assert.Single(model.Prepare(isAsked: false)).WhyNot);

        static void Fail(string step)
        {
            if (step == "results compared")
                throw new IOException("no space");
        }
    }

    [Fact]
    public void An_extension_of_an_entry_that_was_replaced_meanwhile_adds_nothing()
    {
        using PreparedModel model = new();
        model.Prepare();
        model.Rewrite(static m => m with { Expected = m.Expected.ToDictionary(static e => e.Key + 6, static e => e.Value) });
        byte[] other = [];
        Assert.Contains("took its place", Assert.Single(model.Prepare(at: step =>
        {
            if (step != "results compared")
                return;
            model.Rewrite(static m => m with { Expected = new Dictionary<int, string> { [1] = "of another request" } });
            other = File.ReadAllBytes(model.Manifest);
        })).WhyNot);
        Assert.Equal(other, File.ReadAllBytes(model.Manifest));
    }

    [Fact]
    public void One_that_was_given_up_is_no_attempt()
    {
        using PreparedModel model = new();
        for (int i = 0; i <= Attempts.Most; i++)
            Assert.Throws<OperationCanceledException>(() => model.Prepare(isAsked: false, at: static _ => throw new OperationCanceledException()));
        Assert.Null(Assert.Single(model.Prepare(isAsked: false)).WhyNot);
    }

    [Fact]
    public void A_person_who_asks_is_not_held_to_earlier_attempts()
    {
        using PreparedModel model = new();
        for (int i = 0; i < Attempts.Most; i++)
            Assert.Throws<IOException>(() => model.Prepare(at: static _ => throw new IOException("no space")));
        Assert.Null(Assert.Single(model.Prepare()).WhyNot);
        Assert.Empty(Directory.GetFiles(model.Folder, "*" + Attempts.Ending));
    }

    [Fact]
    public void One_at_a_time_prepares_into_a_folder()
    {
        using PreparedModel model = new();
        model.Prepare(at: step => Assert.Contains("another process prepares", Assert.Throws<IOException>(() => model.Prepare()).Message));
        Assert.NotEmpty(model.Entries);
    }

    [Fact]
    public void A_limit_that_is_too_small_writes_nothing()
    {
        using PreparedModel model = new();
        Assert.Contains("the weights alone", Assert.Throws<IOException>(() => model.Prepare(most: 1000)).Message);
        // Room for the weights, but not for the packed ones, too.
        Assert.Contains("would hold more", Assert.Throws<IOException>(() => model.Prepare(most: 33_000)).Message);
        Assert.Empty(model.Entries);
    }

    [Fact]
    public void Without_large_weights_there_is_nothing_to_prepare_and_that_is_remembered()
    {
        using PreparedModel model = new(Models.Toy(width: 8));
        Assert.Equal("it has no weights of a kilobyte or more", Assert.Single(model.Prepare()).WhyNot);
        Assert.Equal([PreparedManifest.FileName], Directory.GetFiles(model.Entry).Select(f => Path.GetFileName(f)));
        Assert.False(Assert.Single(model.Prepare()).IsNew);
        using LooseRunner runner = model.Open();
        Assert.Contains("it has no weights of a kilobyte", model.Logger.Lines[0]);
    }

    [Fact]
    public void Random_numbers_are_not_prepared()
    {
        ModelProto random = Models.Toy(PreparedModel.Width);
        random.Graph.Node.Add([Node("RandomNormalLike", ["y"], ["noise"]), Node("Add", ["y", "noise"], ["z"])]);
        random.Graph.Output[0].Name = "z";
        using PreparedModel model = new(random);
        Assert.Equal("it draws random numbers (RandomNormalLike)", Assert.Single(model.Prepare()).WhyNot);
        // Said once, however many sessions are made.
        using LooseRunner runner = model.Open();
        using SegmentSession second = runner.Engine.Sessions.Factory.Create(runner.Engine.Plan.Outline.Plan.Segments[0], 1);
        Assert.NotEqual("prepared", second.Way);
        Assert.Single(model.Logger.Lines, static l => l.Contains("it draws random numbers (RandomNormalLike)"));
    }

    [Fact]
    public void Operators_that_are_not_ONNX_Runtimes_are_found_in_bodies_too()
    {
        NodeProto custom = Node("Secret", ["x"], ["z"]), optimised = Node("Conv", ["x"], ["c"]);
        (custom.Domain, optimised.Domain) = ("acme", "com.microsoft.nchwc");
        GraphProto body = new() { Name = "body", Node = { custom } };
        Core.Graph.OnnxModel Read(params NodeProto[] nodes) => Core.Onnx.ModelReader.Read(
            Core.Onnx.ByteSource.FromBytes(Google.Protobuf.MessageExtensions.ToByteArray(Onnx.Model([Tensor("x", ElementType.Float, 1)], [], nodes))), System.Threading.CancellationToken.None);
        Assert.Equal("Secret of acme", UnsuitableOperators.Foreign(Read(optimised, Node("Loop", ["x"], ["y"], Graph("body", body)))));
        Assert.Null(UnsuitableOperators.Foreign(Read(optimised)));
    }

    [Fact]
    public void Weights_that_nothing_shows_of_are_not_prepared()
    {
        // The output is 0 whatever the weights are.
        ModelProto hidden = Onnx.Model(
            [Tensor("x", ElementType.Float, 1, 64)], [Tensor("y", ElementType.Float, 1, 64)],
            [Node("MatMul", ["x", "w"], ["a"]), Node("Sin", ["a"], ["s"]), Node("Sub", ["s", "two"], ["b"]), Node("Relu", ["b"], ["y"])],
            [Floats("w", [64, 64], Onnx.Random(64 * 64, 1)), Floats("two", [], 2)]);
        using PreparedModel model = new(hidden);
        Assert.Equal("the probe noticed none of 1 damaged weights", Assert.Single(model.Prepare()).WhyNot);
        // No copy of the weights stays.
        Assert.Equal([PreparedManifest.FileName], Directory.GetFileSystemEntries(model.Entry, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(model.Entry, f)));
    }

    [Fact]
    public void Where_the_smallest_sizes_show_nothing_of_the_weights_larger_ones_are_recorded()
    {
        // Of a batch of one, what is left beside its mean is 0.
        ModelProto centred = Onnx.Model(
            [Tensor("x", ElementType.Float, "batch", 64)], [Tensor("y", ElementType.Float, "batch", 64)],
            [Node("MatMul", ["x", "w"], ["a"]), Node("ReduceMean", ["a", "axis"], ["n"]), Node("Sub", ["a", "n"], ["y"])],
            [Floats("w", [64, 64], Onnx.Random(64 * 64, 1)), Longs("axis", [1], 0)], opset: 18);
        using PreparedModel model = new(centred);
        Assert.Null(Assert.Single(model.Prepare()).WhyNot);
        Assert.True(Assert.Single(PreparedManifest.Read(File.ReadAllBytes(model.Manifest)).Probe.Inputs).Shape[0] > 1);
        using LooseRunner runner = model.Open();
        Assert.True(PreparedModel.IsPrepared(runner));
    }

    [SkippableFact]
    public void A_dump_that_ONNX_Runtime_does_not_open_is_not_prepared()
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        using PreparedModel model = new(ModelProto.Parser.ParseFrom(File.ReadAllBytes(SharedModels.PathOf("silero_vad_16k_op15.onnx"))));
        Assert.Contains("name is not unique", Assert.Single(model.Prepare()).WhyNot);
    }

    [Fact]
    public void Open_dimensions_are_compared_at_the_smallest_sizes_that_run_and_at_larger_ones()
    {
        // A reshape to rows of four: lengths that are no multiple fail.
        ModelProto open = Onnx.Model(
            [Tensor("x", ElementType.Float, "length", 32)], [Tensor("y", ElementType.Float, "rows", 4, 64)],
            [Node("MatMul", ["x", "w"], ["a"]), Node("Reshape", ["a", "shape"], ["y"])],
            [Floats("w", [32, 64], Onnx.Random(32 * 64, 1)), Longs("shape", [3], -1, 4, 64)]);
        using PreparedModel model = new(open);
        Assert.Null(Assert.Single(model.Prepare()).WhyNot);
        Assert.Equal([4, 32], Assert.Single(PreparedManifest.Read(File.ReadAllBytes(model.Manifest)).Probe.Inputs).Shape);
    }

    [Fact]
    public void Entries_are_listed_and_pruned_where_nobody_will_use_them()
    {
        FolderTrust trust = new(false);
        using PreparedModel model = new(), small = new(Models.Toy(width: 8));
        model.Prepare();
        small.Prepare(folder: model.Folder);
        string foreign = Path.Combine(model.Folder, "not-ours");
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(foreign).FullName, "notes"), "");
        // Nor is one that has a file of the same name, nor are files and folders that only look like ours.
        File.WriteAllText(Path.Combine(foreign, PreparedManifest.FileName), "Manifest-Version: 1.0");
        Directory.CreateDirectory(Path.Combine(model.Folder, EntryWriter.TemporaryPrefix + "x"));
        File.WriteAllText(Path.Combine(model.Folder, "login.attempts"), "");
        Directory.CreateDirectory(Path.Combine(model.Folder, EntryWriter.TemporaryPrefix + Guid.NewGuid().ToString("N")));
        ListedEntry[] listed = [.. Housekeeping.List(model.Folder, trust)];
        Assert.Equal(2, listed.Length);
        Assert.Equal([false, true], listed.OrderBy(e => e.Problem ?? "", StringComparer.Ordinal).Select(e => e.Problem != null));
        Assert.Equal(2, Housekeeping.Prune(model.Folder, trust).Count);
        Assert.Equal(["manifest.txt", "notes"], Directory.GetFiles(foreign).Select(Path.GetFileName).Order());
        Assert.True(File.Exists(Path.Combine(model.Folder, "login.attempts")));
        Assert.Equal([EntryWriter.TemporaryPrefix + "x"], Directory.GetDirectories(model.Folder, EntryWriter.TemporaryPrefix + "*").Select(Path.GetFileName));
        using LooseRunner runner = model.Open();
        Assert.True(PreparedModel.IsPrepared(runner));
    }

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string folder in Directory.GetDirectories(from, "*", SearchOption.AllDirectories))
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        // The lock is held: a copy of it would have to be.
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != FolderLock.FileName))
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
    }
}
