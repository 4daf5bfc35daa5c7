using System;
using System.Linq;
using Cleave.Core.Ensembles;
using Cleave.Core.Listing;
using Cleave.Core.Tuning;
using Xunit;

namespace Cleave.Core.Tests.Ensembles;

/// <summary><c>Vision.ensemble.tune</c>.</summary>
public sealed class EnsembleTuningFileTests
{
    private static readonly MachineSignature Here = new("x64 \"A\"", 2, "1.30.0");

    private static EnsembleTuningSection Section(MachineSignature machine, bool isComplete = true) => new(
        machine, isComplete,
        [
            new TunedMember(new MemberMemory("a b.onnx", 100, 20, 3), "h2:a", [new(1, 8, 900), new(2, 8, 500)]),
            new TunedMember(new MemberMemory("ü.onnx", 7, 0, 0), "h2:b", []),
        ],
        [new([new(1, 1, 8), new(1, 2, 8)], 700), new([new(2, 1, 16), new(1, 2, 8)], 600), new([new(2, 1, 32), new(1, 2, 8)], 600)])
    {
        Requests = new(["width=256"], ["sr=16000"], ["a;b", "a"]),
        Chosen = new(new([new(2, 1, 16), new(1, 2, 8)], 650), 710),
        Devices =
        [
            new(["cuda:0", "cpu"], true, [new(new("a b.onnx", 100, 60, 9), [new(0, 8, 90), new(0, 16, 0)]), new(new("ü.onnx", 7, 0, 0), [])],
                [new([new(1, 1, 8), default, default, new(1, 2, 8)], 70), new([new(1, 1, 8), new(1, 1, 16), new(2, 1, 4), default], 60), new([new(1, 1, 16), default, default, new(1, 2, 8)], 0)]) { Chosen = new(new([new(1, 1, 8), default, default, new(1, 2, 8)], 66), 66) },
            new(["cuda:1"], false, [new(new("a b.onnx", 100, 60, 9), []), new(new("ü.onnx", 7, 0, 0), [])], []),
        ],
    };

    private const string Start = "cleave-ensemble-tuning 1\n";

    private static readonly string Text = EnsembleTuningFile.Empty.With(Section(Here)).Write();

    [Fact]
    public void What_is_written_is_read()
    {
        EnsembleTuningFile file = EnsembleTuningFile.Empty.With(Section(Here)).With(Section(Here with { Cores = 1 }, isComplete: false));
        string text = file.Write();
        Assert.Equal(text, EnsembleTuningFile.Read(text).Write());
        Assert.Equal(text, EnsembleTuningFile.Read(text.Replace("\n", "\r\n")).Write());
        EnsembleTuningSection read = EnsembleTuningFile.Read(text).Find(Here)!;
        Assert.True(read.IsComplete);
        Assert.True(read.IsOf(["h2:a", "h2:b"]));
        Assert.False(read.IsOf(["h2:b", "h2:a"]));
        Assert.False(read.IsOf(["h2:a"]));
        Assert.Equal(new MemberMemory("a b.onnx", 100, 20, 3), read.Members[0].Memory);
        Assert.Equal([new(1, 8, 900), new(2, 8, 500)], read.Members[0].Times);
        // As it was compared; without that the first of equal ones.
        Assert.Equal((650, 710), (read.Best!.Nanoseconds, read.Chosen!.Untuned));
        Assert.Equal([new(2, 1, 16), new(1, 2, 8)], (read with { Chosen = null }).Best!.Cells);
        Assert.Null(EnsembleTuningFile.Read(text).Find(Here with { OnnxRuntime = "1.29.0" }));
        Assert.Null((read with { Tried = [], Chosen = null }).Best);
        Assert.Null(read.WhyNotOf(new(["width=256"], ["sr=16000"], ["a;b", "a"])));
        Assert.Equal("was measured with width=256, sr=16000, outputs a;b and a", read.WhyNotOf(new(["width=512"], ["sr=16000"], ["a;b", "a"])));
        Assert.Equal("does not say what requests it was measured with", (read with { Requests = null }).WhyNotOf(new([], [], [])));
        Assert.Equal("width=256, sr=16000, outputs a;b and a", read.Requests!.Words);
    }

    /// <summary>Those who read the first version do not know lines of today: they are to say so, and to leave the file as it is.</summary>
    [Fact]
    public void A_file_of_the_first_version_is_read_and_written_as_one_of_today()
    {
        Assert.StartsWith("cleave-ensemble-tuning 2\n", Text, StringComparison.Ordinal);
        Assert.Equal(Text, EnsembleTuningFile.Read(Text.Replace("cleave-ensemble-tuning 2\n", Start, StringComparison.Ordinal)).Write());
    }

    [Fact]
    public void What_devices_gave_is_read_by_their_list()
    {
        EnsembleTuningSection read = EnsembleTuningFile.Read(Text).Find(Here)!;
        TunedDevices both = read.On(["cuda:0", "cpu"])!;
        Assert.True(both.IsComplete);
        Assert.Equal(new MemberMemory("a b.onnx", 100, 60, 9), both.Members[0].Memory);
        Assert.Equal([new(0, 8, 90), new(0, 16, 0)], both.Members[0].Times);
        Assert.Equal((66, 66), (both.Best!.Nanoseconds, both.Chosen!.Untuned));
        AllocationMatrix best = both.Matrix((both with { Chosen = null }).Best!);
        // The last one lacked memory.
        Assert.Equal([true, true, false], both.Tried.Select(static t => t.Ran));
        Assert.Equal((new(1, 1, 8), new(1, 1, 16), new(2, 1, 4), 0), (best[0, 0], best[0, 1], best[1, 0], best[1, 1].Count));
        Assert.Null(read.On(["cuda:1"])!.Best);
        Assert.Null(read.On(["cpu", "cuda:0"]));
        TunedDevices done = read.On(["cuda:1"])! with { IsComplete = true };
        Assert.Equal(2, read.With(done).Devices.Count);
        Assert.True(read.With(done).On(["cuda:1"])!.IsComplete);
    }

    [Fact]
    public void A_section_takes_the_place_of_its_machines()
    {
        EnsembleTuningFile file = EnsembleTuningFile.Empty.With(Section(Here with { Processor = "z" })).With(Section(Here)).With(Section(Here, isComplete: false));
        Assert.Equal([Here, Here with { Processor = "z" }], file.Sections.Select(s => s.Machine));
        Assert.False(file.Find(Here)!.IsComplete);
    }

    [Theory]
    [InlineData("", "this is no tuning file of an ensemble")]
    [InlineData("cleave-tuning 1\n", "this is no tuning file of an ensemble")]
    [InlineData("cleave-ensemble-tuning 0\n", "this version is not known")]
    [InlineData("cleave-ensemble-tuning 3\n", "version 3 is of a later Cleave: update Cleave here, or delete the file")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n  later\n  member \"m\" \"h\" 1 1 1\n", "'later' is not expected")]
    [InlineData(Start + "member \"a\" \"b\" 1 1 1\n", "'machine' is expected")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n", "the section before has no 'member'")]
    [InlineData(Start + "machine \"a\" 0 \"b\"\n", "a number is out of range")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n  member \"m\" \"h\" 1 1 -1\n", "a number of bytes is out of range")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n  member \"m\" \"h\" 1 1 1\n    time [1] 5\n", "'time', threads and samples are expected")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n  member \"m\" \"h\" 1 1 1\n    time [1,1] 0\n", "a time is out of range")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n  member \"m\" \"h\" 1 1 1\n  matrix [1,1] 5\n", "a matrix needs instances, threads and samples of each member")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n  member \"m\" \"h\" 1 1 1\n  matrix [1,1,9999999] 5\n", "a number is out of range")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n  member \"m\" \"h\" 1 1 1\n  chosen [1,1,1] 5 5\n", "'chosen' is not expected")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n  member \"m\" \"h\" 1 1 1\n  matrix [1,1,1] 5\n  chosen [1,1,1] 5 0\n", "a time is out of range")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n  member \"m\" \"h\" 1 1 1\n  matrix [1,1,1] 5\n  member \"n\" \"h\" 1 1 1\n", "'member' is not expected")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n  member \"m\" \"h\" 1 1 1\nmachine \"a\" 1 \"b\"\n  member \"m\" \"h\" 1 1 1\n", "the machine has a section already")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n  member \"m\" \"h\" 1 1 1\n  devices []\n", "devices are listed once each")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n  member \"m\" \"h\" 1 1 1\n  devices [\"c\",\"c\"]\n", "devices are listed once each")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n  member \"m\" \"h\" 1 1 1\n  devices [\"c\"]\n", "the devices before have not as many members as the section")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n  member \"m\" \"h\" 1 1 1\n  devices [\"c\"]\n    member 1 1 1\n      time [1,8] 5\n", "'time', device and samples are expected")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n  member \"m\" \"h\" 1 1 1\n  devices [\"c\"]\n    member 1 1 1\n    matrix [1,1] 5\n", "a matrix needs instances, threads and samples of each device and member")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n  member \"m\" \"h\" 1 1 1\n  devices [\"c\"]\n    member 1 1 1\n    matrix [0,1,1] 5\n", "a number is out of range")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n  member \"m\" \"h\" 1 1 1\n  devices [\"c\"]\n    matrix [1,1,1] 5\n", "'matrix' is not expected")]
    [InlineData(Start + "machine \"a\" 1 \"b\"\n  member \"m\" \"h\" 1 1 1\n  devices [\"c\"]\n    member 1 1 1\n  devices [\"c\"]\n    member 1 1 1\n", "the devices before have a block already")]
    public void What_is_damaged_is_named(string text, string message) =>
        Assert.Contains(message, Assert.Throws<ListingException>(() => EnsembleTuningFile.Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void No_damage_is_anything_but_a_listing_exception()
    {
        for (int at = 0; at < Text.Length; at++)
        {
            foreach (string damaged in new[] { Text[..at], Text[..at] + "9" + Text[(at + 1)..], Text[..at] + "\n" + Text[at..], Text[..at] + "[" + Text[at..] })
            {
                try
                {
                    EnsembleTuningFile.Read(damaged);
                }
                catch (ListingException)
                {
                }
            }
        }
    }
}
