using System;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Cleave.TestKit;
using Google.Protobuf;
using Xunit;

namespace Cleave.Runtime.Tests.Recording;

/// <summary>What is kept of requests, and what happens where that fails.</summary>
public sealed class RecordingTests : RecordingTestBase
{
    [Fact]
    public async Task Every_way_to_run_is_recorded_as_ONNX_has_test_data()
    {
        await using (LooseRunner runner = Open(new RecordingOptions(Recorded)))
        {
            Run(runner, 1);
            (await runner.RunAsync(Input(2))).Dispose();
            foreach (LooseOutput output in runner.RunMany([Input(3), Input(4)]))
                output.Dispose();
            using LooseCall call = runner.CreateCall(Input(5));
            Values(5).CopyTo(call.In<float>(0));
            call.Run();
        }

        Assert.Equal([1, 2, 3, 4, 5], Sets.Select(static s => (int)Read(s).Values[0]));
        (TensorProto tensor, float[] values) = Read(Sets[0]);
        Assert.Equal(("x", 1), (tensor.Name, tensor.DataType));
        Assert.Equal([1, Width], tensor.Dims);
        Assert.Equal(Values(1), values);
        Assert.Contains("may be data of your users", Assert.Single(Logger.Warnings));
    }

    [Fact]
    public void Two_runners_that_record_one_model_at_once_keep_out_of_each_others_way()
    {
        using (LooseRunner one = Open(new RecordingOptions(Recorded) { Count = 6 }), other = Open(new RecordingOptions(Recorded) { Count = 6 }))
        {
            for (int i = 0; i < 4; i++)
            {
                Run(one, i);
                Run(other, 10 + i);
            }
        }
        Assert.DoesNotContain(Logger.Lines, static l => l.Contains("does not record"));
        Assert.Equal(6, Sets.Length);
        Assert.Equal(Sets.Length, Sets.Select(static s => Read(s).Values[0]).Distinct().Count());
    }

    [Fact]
    public void Models_of_one_name_haveFolders_of_their_own()
    {
        byte[] model = Models.Toy(Width).ToByteArray();
        foreach ((string path, int first) in new[] { ("models/MyApp/bge/model.onnx", 1), ("models/MyApp/whisper/model.onnx", 2) })
        {
            using LooseRunner runner = new(Definitions.Of(model, path: path), new() { Cores = 1, Model = ModelSource.Bytes(model), Record = new RecordingOptions(Recorded) });
            Run(runner, first);
            Assert.Equal("test", runner.Engine.Name);
        }
        foreach ((string folder, int first) in new[] { ("bge", 1), ("whisper", 2) })
            Assert.Equal(first, Read(Assert.Single(SetsIn(Path.Combine(Recorded, "models", "MyApp", folder, "model.onnx.recorded")))).Values[0]);
    }

    [Fact]
    public void Only_drafts_that_a_killed_process_left_are_removed()
    {
        string old = Path.Combine(Own, ".making-old"), young = Path.Combine(Own, ".making-young");
        foreach (string draft in new[] { old, young })
            Directory.CreateDirectory(draft);
        Directory.SetLastWriteTimeUtc(old, DateTime.UtcNow - TimeSpan.FromDays(1));

        using (LooseRunner runner = Open(new RecordingOptions(Recorded)))
            Run(runner, 1);

        Assert.False(Directory.Exists(old));
        Assert.True(Directory.Exists(young));
    }

    [Fact]
    public void What_is_redacted_is_changed_in_the_file_alone_or_not_kept()
    {
        RecordingOptions options = new(Recorded)
        {
            Redact = inputs =>
            {
                Span<float> values = MemoryMarshal.Cast<byte, float>(inputs.Single(static i => i.Name == "x").Bytes.AsSpan());
                if (values[0] == 2)
                    return false;
                if (values[0] == 3)
                    throw new InvalidDataException("who is that");
                values[1] = -1;
                return true;
            },
        };
        using (LooseRunner runner = Open(options))
        {
            for (int i = 1; i < 5; i++)
                Assert.Equal(Plain(i), Run(runner, i));
        }
        Assert.Equal([1, 4], Sets.Select(static s => (int)Read(s).Values[0]));
        Assert.All(Sets, static s => Assert.Equal(-1, Read(s).Values[1]));
        Assert.Contains(Logger.Warnings, static w => w.Contains("who is that"));
    }

    [SkippableFact]
    public void Only_the_owner_can_read_it()
    {
        if (OperatingSystem.IsWindows())
            throw new SkipException("skipped: Windows has other permissions, which a folder inherits");
        using (LooseRunner runner = Open(new RecordingOptions(Recorded)))
            Run(runner, 1);
        string set = Assert.Single(Sets);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Assert.Single(Directory.GetFiles(set))));
        foreach (string folder in new[] { set, Path.GetDirectoryName(set)! })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
    }

    [Fact]
    public void Where_nothing_can_be_written_a_warning_says_so_and_requests_go_on()
    {
        File.WriteAllText(Recorded, "a file");
        using LooseRunner runner = Open(new RecordingOptions(Recorded));
        Assert.Equal(Plain(1), Run(runner, 1));
        Assert.Contains("does not record inputs of test", Assert.Single(Logger.Warnings));
    }

    [Fact]
    public void AFolder_that_cannot_be_one_leaves_no_runner_open()
    {
        CoreLedger ledger = Ledgers.Own(1);
        RunnerOptions options = new() { Cores = 1, Ledger = ledger, Model = ModelSource.Bytes(Models.Toy(Width).ToByteArray()), Record = new RecordingOptions("a\0b") };
        Assert.Throws<ArgumentException>(() => LooseRunner.Of(Models.Toy(Width), options));
        Assert.Empty(ledger.Runners.ToList());
    }

    [Fact]
    public void AFolder_that_vanishes_meanwhile_ends_the_recording_and_nothing_else()
    {
        using (LooseRunner runner = Open(new RecordingOptions(Recorded)))
        {
            Directory.Delete(Recorded, recursive: true);
            File.WriteAllText(Recorded, "a file");
            for (int i = 0; i < 5; i++)
                Assert.Equal(Plain(i), Run(runner, i));
        }
        Assert.Single(Logger.Warnings, static w => w.Contains("does not record inputs of test"));
    }

    [Fact]
    public void Where_it_fails_no_copy_is_kept()
    {
        using ManualResetEventSlim held = new(), reached = new();
        RecordingOptions options = new(Recorded)
        {
            Redact = _ =>
            {
                reached.Set();
                return held.Wait(Patience);
            },
        };
        using LooseRunner runner = Open(options);
        Run(runner, 0);
        Assert.True(reached.Wait(Patience));
        for (int i = 1; i < 5; i++)
            Run(runner, i);
        Assert.Equal(4, runner.Engine.Home.Recorder!.Waiting);
        Directory.Delete(Recorded, recursive: true);
        File.WriteAllText(Recorded, "a file");
        held.Set();
        Assert.True(SpinWait.SpinUntil(() => Logger.Lines.Any(static l => l.Contains("does not record inputs of test")), Patience));
        Assert.True(SpinWait.SpinUntil(() => runner.Engine.Home.Recorder!.Waiting == 0, TimeSpan.FromSeconds(10)), "copies are kept");
    }

    [Fact]
    public async Task Many_callers_at_once_are_served_and_what_is_kept_is_whole()
    {
        const int callers = 8, each = 200, most = 100;
        await using (LooseRunner runner = Open(new RecordingOptions(Recorded) { Count = most }))
        {
            await Task.WhenAll(Enumerable.Range(0, callers).Select(c => Task.Run(() =>
            {
                for (int i = 0; i < each; i++)
                    Assert.Equal(Plain((c * each) + i), Run(runner, (c * each) + i));
            })));
        }
        Assert.InRange(Sets.Length, 1, most);
        foreach (string set in Sets)
        {
            float[] values = Read(set).Values;
            Assert.Equal(Values((int)values[0]), values);
        }
        Assert.Equal(Sets.Length, Directory.GetDirectories(Own).Length);
    }

    [Fact]
    public void A_null_among_strings_is_refused_as_without_a_recording_and_not_kept()
    {
        ModelProto texts = Models.Identity(ElementType.String);
        using (LooseRunner runner = LooseRunner.Of(texts, new() { Cores = 1, Record = new RecordingOptions(Recorded), Logger = Logger }))
        {
            ArgumentException refused = Assert.Throws<ArgumentException>(() => runner.Run(Of("a", null!)));
            Assert.StartsWith("The input 'x' has null at position 1", refused.Message, StringComparison.Ordinal);
            Assert.Equal(0, runner.Engine.Pool.Rented);
            runner.Run(Of("a", "b")).Dispose();
        }
        TensorProto kept = TestDataFolder.Read(TestDataFolder.InputOf(Assert.Single(Sets)));
        Assert.Equal(["a", "b"], kept.StringData.Select(static s => s.ToStringUtf8()));
        Assert.DoesNotContain(Logger.Lines, static l => l.Contains("does not record"));

        static Request Of(params string[] values) => (ref b) =>
        {
            b.Dim(values.Length);
            b.Copy<string>(0, values);
        };
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_disposes_waits_until_all_is_written(bool asynchronously)
    {
        using ManualResetEventSlim held = new(), reached = new();
        LooseRunner runner = Open(new RecordingOptions(Recorded)
        {
            Redact = _ =>
            {
                reached.Set();
                return held.Wait(Patience);
            },
        });
        Run(runner, 1);
        Assert.True(reached.Wait(Patience));
        Task first = OwnThread.Run(runner.Dispose);
        // The first is at the recorder by now, the second comes later.
        await Task.Delay(200);
        Task second = asynchronously ? runner.DisposeAsync().AsTask() : OwnThread.Run(runner.Dispose);
        await Task.Delay(200);
        Assert.Equal((false, false), (first.IsCompleted, second.IsCompleted));
        held.Set();
        await Task.WhenAll(first, second).WaitAsync(Patience);
        Assert.Single(Sets);
    }

    [SkippableFact]
    public void The_thread_of_a_forgotten_runner_writes_what_waits_and_ends()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "skipped: threads are found by name on Linux only");
        byte[] model = Models.Toy(Width).ToByteArray();
        // No other test's threads have this name; the system keeps fifteen letters.
        Forget(model);
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return SystemThreads.Named("Cleave forgot recorder").Length == 0;
            },
            TimeSpan.FromSeconds(20)));
        Assert.Single(Sets);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Forget(byte[] model)
    {
        ModelDefinition plain = Definitions.Of(model);
        LooseRunner runner = new(
            new(1, "forgot", plain.Path, plain.Hash, plain.Inputs, plain.Outputs, plain.Budgets),
            new() { Cores = 1, Model = ModelSource.Bytes(model), Record = new RecordingOptions(Recorded) });
        Run(runner, 1);
        Assert.Single(SystemThreads.Named("Cleave forgot recorder"));
    }
}
