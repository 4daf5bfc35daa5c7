using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Generated;
using Cleave.Prepared;
using Cleave.Runtime.Tests.Support;
using Cleave.Sessions;
using Xunit;

namespace Cleave.Runtime.Tests.Prepared;

/// <summary>What may go another time marks no entry; what an entry is to blame for does.</summary>
public sealed class TransientTests
{
    [Fact]
    public void A_request_that_takes_too_long_here_is_opened_plainly_and_marks_nothing()
    {
        using PreparedModel model = new();
        model.Prepare();
        using (LooseRunner late = model.Open(static o => o.ProbeLimit = TimeSpan.Zero))
        {
            Assert.False(PreparedModel.IsPrepared(late));
            Assert.Equal(model.Plainly(), PreparedModel.Run(late));
        }
        Assert.Contains("took longer than", Assert.Single(model.Logger.Warnings));
        Assert.False(File.Exists(Mark(model)));
        using LooseRunner next = model.Open();
        Assert.True(PreparedModel.IsPrepared(next));
    }

    [Fact]
    public async Task A_preparation_in_which_it_takes_too_long_writes_nothing_and_goes_another_time()
    {
        using PreparedModel model = new();
        using (LooseRunner late = model.Open(static o =>
        {
            o.PreparesByItself = true;
            o.PreparationWait = static (_, _) => Thread.Yield();
            o.ProbeLimit = TimeSpan.Zero;
        }))
        {
            await late.Engine.Preparing.Ended;
        }
        Assert.Contains("took longer than", Assert.Single(model.Logger.Warnings));
        Assert.Empty(model.Entries);
        Assert.Null(Assert.Single(model.Prepare(isAsked: false)).WhyNot);
    }

    [Fact]
    public void What_ONNX_Runtime_refuses_and_opens_plainly_is_marked()
    {
        using PreparedModel model = new();
        model.Prepare();
        string graph = Path.Combine(model.Entry, PreparedManifest.GraphFile);
        model.Secretly(graph, () => File.WriteAllBytes(graph, [.. "no graph"u8]));
        model.Rewrite(m => m with { Files = [.. m.Files.Select(f => f.Name == PreparedManifest.GraphFile ? f with { Length = 8, Hash = Hashes.Of([.. "no graph"u8]) } : f)] });
        using LooseRunner runner = model.Open();
        Assert.False(PreparedModel.IsPrepared(runner));
        Assert.Equal(model.Plainly(), PreparedModel.Run(runner));
        Assert.True(File.Exists(Mark(model)));
    }

    [Fact]
    public void What_neither_way_opens_marks_nothing()
    {
        using PreparedModel model = new();
        model.Prepare(Refusing(refuses: false));
        Assert.Throws<CleaveException>(() => model.Open(o =>
        {
            RunnerOptions refusing = Refusing(refuses: true);
            o.ConfigureSession = refusing.ConfigureSession;
            o.PreparedKey = refusing.PreparedKey;
        }));
        Assert.False(File.Exists(Mark(model)));

        // As where memory is short: every session fails.
        static RunnerOptions Refusing(bool refuses) => new()
        {
            ConfigureSession = (options, _) =>
            {
                if (refuses)
                    options.AddSessionConfigEntry("", "a key is asked for");
            },
            PreparedKey = "one",
        };
    }

    [Fact]
    public void A_manifest_whose_request_cannot_be_made_is_marked()
    {
        using PreparedModel model = new();
        model.Prepare();
        model.Rewrite(m => m with { Probe = new Probe([.. m.Probe.Inputs.Select(static i => i with { Shape = [int.MaxValue, int.MaxValue, int.MaxValue] })]) });
        using LooseRunner runner = model.Open();
        Assert.False(PreparedModel.IsPrepared(runner));
        Assert.Equal(model.Plainly(), PreparedModel.Run(runner));
        Assert.True(File.Exists(Mark(model)));
    }

    [Fact]
    public void Threads_that_nothing_was_recorded_of_are_compared_once_for_all_instances()
    {
        using PreparedModel model = new();
        int made = 0;
        RunnerOptions counting = new() { PreparedKey = "counts", ConfigureSession = (_, _) => Interlocked.Increment(ref made) };
        model.Prepare(counting);
        model.Rewrite(m => m with { Expected = m.Expected.ToDictionary(e => e.Key + 6, e => "of other threads") });
        made = 0;
        using LooseRunner runner = model.Open(o =>
        {
            o.ConfigureSession = counting.ConfigureSession;
            o.PreparedKey = counting.PreparedKey;
        });
        Segment segment = runner.Engine.Plan.Outline.Plan.Segments[0];
        using SegmentSession second = runner.Engine.Sessions.Factory.Create(segment, 1), third = runner.Engine.Sessions.Factory.Create(segment, 1);
        Assert.All([runner.Engine.Plan.Sessions[0], second, third], static s => Assert.Same(s.Unchecked, s.Session));
        // Three prepared ones, and a plain one that says what is right.
        Assert.Equal(4, made);
    }

    [Fact]
    public void An_entry_that_is_refused_while_a_session_is_made_from_it_keeps_the_reason()
    {
        using PreparedModel model = new();
        SegmentSession? other = null;
        bool isMade = false;
        RunnerOptions options = new() { PreparedKey = "key", ConfigureSession = (_, _) => Configured() };
        model.Prepare(options);
        model.Rewrite(m => m with { Expected = new Dictionary<int, string>(m.Expected) { [2] = "of another model" } });
        using LooseRunner runner = model.Open(o => (o.ConfigureSession, o.PreparedKey) = (options.ConfigureSession, options.PreparedKey));
        Assert.True(PreparedModel.IsPrepared(runner));
        Segment segment = runner.Engine.Plan.Outline.Plan.Segments[0];
        SessionFactory factory = runner.Engine.Sessions.Factory;
        using SegmentSession wrong = other = factory.Create(segment, 2);
        isMade = true;
        using SegmentSession meanwhile = factory.Create(segment, 1);
        Assert.NotEqual("prepared", meanwhile.Way);
        Assert.Contains("its results differ from those of the plain model", File.ReadAllText(Mark(model)));
        Assert.Contains("its results differ from those of the plain model", Assert.Single(model.Logger.Warnings));

        // While the last one is made, the check of the one before it fails.
        void Configured()
        {
            if (isMade)
            {
                isMade = false;
                Assert.NotSame(other!.Unchecked, other.Session);
            }
        }
    }

    [Fact]
    public void A_second_instance_is_prepared_and_maps_the_same_files()
    {
        using PreparedModel model = new();
        model.Prepare();
        using LooseRunner runner = model.Open();
        using SegmentSession second = runner.Engine.Sessions.Factory.Create(runner.Engine.Plan.Outline.Plan.Segments[0], 1);
        Assert.Equal("prepared", second.Way);
        Assert.Same(second.Unchecked, second.Session);
        Assert.Equal(0, runner.Engine.Sessions.Factory.EstimatedBytes(runner.Engine.Plan.Outline.Plan));
    }

    [Fact]
    public void A_segment_without_weights_does_not_undo_what_the_others_save()
    {
        using PreparedModel model = new(Lanes.Towers.Model(), static () =>
        {
            ModelDefinition plain = Definitions.Of(Lanes.Towers.Model());
            return [new(1, Definitions.Whole(plain.Inputs, plain.Outputs), 1), new(2, Lanes.Towers.Plan, 1, 1)];
        });
        model.Prepare(new RunnerOptions { Plan = PlanChoice.Split }, cores: 2);
        using LooseRunner runner = model.Open(static o =>
        {
            o.Plan = PlanChoice.Split;
            o.Cores = null;
            o.Ledger = Ledgers.Own(2);
        });
        Assert.Equal(["prepared", "prepared", "sliced"], runner.Engine.Plan.Sessions.Select(static s => s.Way));
        Assert.Equal(0, runner.Engine.Sessions.Factory.EstimatedBytes(runner.Engine.Plan.Outline.Plan));
    }

    private static string Mark(PreparedModel model) => Path.Combine(model.Entry, PreparedEntry.FailedFile);
}
