using System;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Recording;

/// <summary>How many requests are kept, and how many bytes of them.</summary>
public sealed class RecordingBoundsTests : RecordingTestBase
{
    [Fact]
    public void No_more_than_were_asked_for_are_kept_those_of_earlier_starts_included()
    {
        for (int start = 0; start < 3; start++)
        {
            using LooseRunner runner = Open(new RecordingOptions(Recorded) { Count = 5 });
            for (int i = 0; i < 2; i++)
                Run(runner, (start * 2) + i);
        }
        Assert.Equal([0, 1, 2, 3, 4], Sets.Select(static s => (int)Read(s).Values[0]));
        Assert.Contains(Logger.Lines, static l => l.Contains("records no more"));
    }

    [Fact]
    public void A_runner_adds_nothing_to_what_another_has_filled_meanwhile()
    {
        using (LooseRunner one = Open(new RecordingOptions(Recorded) { Count = 2 }))
        {
            using (LooseRunner other = Open(new RecordingOptions(Recorded) { Count = 2 }))
            {
                Run(other, 10);
                Run(other, 11);
            }
            Run(one, 1);
        }
        Assert.Equal([10, 11], Sets.Select(static s => (int)Read(s).Values[0]));
    }

    [Fact]
    public void What_waits_has_no_more_bytes_than_what_is_kept()
    {
        // The first holds the writer up; of the others only as many wait as fit.
        using ManualResetEventSlim held = new(), reached = new();
        int seen = 0;
        RecordingOptions options = new(Recorded)
        {
            MaxBytes = 3 * Width * sizeof(float),
            Redact = _ =>
            {
                seen++;
                reached.Set();
                held.Wait();
                return false;
            },
        };
        using (LooseRunner runner = Open(options))
        {
            Run(runner, 0);
            reached.Wait();
            for (int i = 1; i < 10; i++)
                Run(runner, i);
            held.Set();
        }
        Assert.Equal(3, seen);
    }

    [Fact]
    public void A_sample_is_every_so_manieth()
    {
        using (LooseRunner runner = Open(new RecordingOptions(Recorded) { Every = 3 }))
        {
            for (int i = 0; i < 10; i++)
                Run(runner, i);
        }
        Assert.Equal([0, 3, 6, 9], Sets.Select(static s => (int)Read(s).Values[0]));
    }

    [Fact]
    public void Bytes_are_bounded()
    {
        using (LooseRunner runner = Open(new RecordingOptions(Recorded) { MaxBytes = 3 * Width * sizeof(float) }))
        {
            for (int i = 0; i < 10; i++)
                Run(runner, i);
        }
        Assert.InRange(Sets.Length, 1, 3);
        Assert.InRange(Sets.SelectMany(Directory.GetFiles).Sum(static f => new FileInfo(f).Length), 1, 3 * (Width * sizeof(float) + 20));
    }

    [Fact]
    public void Files_have_no_more_bytes_than_were_asked_for()
    {
        // The values alone would fit.
        using (LooseRunner runner = Open(new RecordingOptions(Recorded) { MaxBytes = (Width * sizeof(float)) + 4 }))
            Run(runner, 1);
        Assert.Empty(Sets);
        Assert.Contains(Logger.Lines, static l => l.Contains("records no more"));
    }

    [Fact]
    public void Empty_strings_take_bytes_too()
    {
        int looked = 0;
        RecordingOptions options = new(Recorded)
        {
            MaxBytes = 100,
            Redact = _ =>
            {
                looked++;
                return true;
            },
        };
        using (LooseRunner runner = LooseRunner.Of(Models.Identity(ElementType.String), new() { Cores = 1, Record = options, Logger = Logger }))
        {
            runner.Run((ref b) =>
            {
                b.Dim(1000);
                b.Copy<string>(0, Enumerable.Repeat("", 1000).ToArray());
            }).Dispose();
        }
        // It does not get as far as a copy.
        Assert.Equal((0, 0), (looked, Sets.Length));
    }

    [Fact]
    public void Where_the_rest_of_the_bytes_is_too_small_for_a_request_the_recording_ends()
    {
        int looked = 0;
        // Two files of somewhat more than the values fit, and a third does not.
        RecordingOptions options = new(Recorded)
        {
            MaxBytes = 3 * Width * sizeof(float),
            Redact = _ =>
            {
                looked++;
                return true;
            },
        };
        using (LooseRunner runner = Open(options))
        {
            for (int i = 0; i < 10; i++)
            {
                Run(runner, i);
                // Not faster than it is written.
                Assert.True(SpinWait.SpinUntil(() => Sets.Length == Math.Min(i + 1, 2), Patience));
            }
            Assert.True(SpinWait.SpinUntil(() => Logger.Lines.Any(static l => l.Contains("records no more")), TimeSpan.FromSeconds(10)), "it goes on");
        }
        Assert.Equal((2, 2), (looked, Sets.Length));
    }
}
