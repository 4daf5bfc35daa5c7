using System.Linq;
using Cleave.Core.Listing;
using Cleave.Core.Tuning;
using Xunit;

namespace Cleave.Core.Tests.Tuning;

/// <summary>What stands in <c>model.onnx.tune</c>.</summary>
public sealed class TuningFileTests
{
    private const string Text = """
        cleave-tuning 2
        machine "AMD \"EPYC\"" 2 "1.29.0"
          graph "h2:0a"
          complete
          plan "TwoLanes" "0123456789ABCDEF"
          request ["batch","sequence"] [1,128]
            time "Whole" [2] 2000000 25
            time "TwoLanes" [1,1] 1500000 25
          request ["batch","sequence"] [16,128]
            time "Whole" [2] 9000000 12
            time "Whole" [1] 17000000 12 21000000
        machine "AMD \"EPYC\"" 16 "1.29.0"
          graph "h2:0a"
          request [] []
            time "Whole" [16] 100 3

        """;

    [Fact]
    public void A_file_is_written_as_it_was_read()
    {
        TuningFile file = TuningFile.Read(Text.ReplaceLineEndings("\n"));
        Assert.Equal(Text.ReplaceLineEndings("\n"), file.Write());
        Assert.Equal(file.Write(), TuningFile.Read(Text.ReplaceLineEndings("\r\n")).Write());
        Assert.Equal([true, false], file.Sections.Select(s => s.IsComplete));
        Assert.Equal("batch=16,sequence=128", file.Sections[0].Requests[1].Words);
        Assert.Equal("every request", file.Sections[1].Requests[0].Words);
        Assert.Equal("TwoLanes 1+1", file.Sections[0].Requests[0].Best()!.Words);
        Assert.Equal([0, 21_000_000], file.Sections[0].Requests[1].Times.Select(t => t.Crowded));
    }

    /// <summary>Those who read the first version do not know lines of today: they are to say so, and to leave the file as it is.</summary>
    [Fact]
    public void A_file_of_the_first_version_is_read_and_written_as_one_of_today()
    {
        string text = Text.ReplaceLineEndings("\n");
        Assert.Equal(text, TuningFile.Read(text.Replace("cleave-tuning 2", "cleave-tuning 1")).Write());
        Assert.Contains("version 3 is of a later Cleave: update Cleave here, or delete the file", Assert.Throws<ListingException>(() => TuningFile.Read("cleave-tuning 3\n")).Message);
    }

    [Fact]
    public void A_machine_replaces_its_own_section_only()
    {
        TuningFile file = TuningFile.Read(Text.ReplaceLineEndings("\n"));
        TuningSection mine = file.Sections[0] with { Requests = [] };
        TuningFile replaced = file.With(mine);
        Assert.Same(mine, replaced.Find(file.Sections[0].Machine));
        Assert.Same(file.Sections[1], replaced.Sections[1]);
        // Where it comes from does not matter: sections are sorted.
        Assert.Equal(file.Write(), TuningFile.Empty.With(file.Sections[1]).With(file.Sections[0]).Write());
        Assert.Equal(3, file.With(mine with { Machine = new("AMD", 2, "1.30.0") }).Sections.Count);
        Assert.Null(file.Find(new("AMD", 2, "1.29.0")));
    }

    [Fact]
    public void More_cores_must_gain_something()
    {
        TunedRequest request = new([], [], [new("Whole", [4], 99, 5), new("TwoLanes", [1, 1], 100, 5), new("Whole", [1], 180, 5)]);
        Assert.Equal("TwoLanes 1+1", request.Best()!.Words);
        Assert.Equal("Whole 4", (request with { Times = [new("Whole", [4], 97, 5), .. request.Times.Skip(1)] }).Best()!.Words);
        Assert.Null((request with { Times = [] }).Best());
    }

    [Fact]
    public void Times_of_another_split_are_left_out()
    {
        TuningSection section = TuningFile.Read(Text.ReplaceLineEndings("\n")).Sections[0];
        TunedPlan mine = Assert.Single(section.Plans);
        Assert.Equal(section.Requests, section.For([mine]).Requests);
        Assert.True(section.For([mine]).IsComplete);
        TuningSection less = section.For([mine with { Fingerprint = "0" }]);
        Assert.Equal(["Whole 2", "Whole 2", "Whole 1"], less.Requests.SelectMany(r => r.Times).Select(t => t.Words));
        Assert.Equal((false, "0"), (less.IsComplete, less.Plans.Single().Fingerprint));
        // One that was compared with the split has nothing left.
        TunedRequest swapped = section.Requests[0] with { Times = [.. section.Requests[0].Times.Reverse()] };
        Assert.Equal(section.Requests[1].Words, Assert.Single((section with { Requests = [swapped, section.Requests[1]], Plans = [] }).For([mine]).Requests).Words);
    }

    [Fact]
    public void Two_sections_of_a_machine_are_put_together()
    {
        TuningSection section = TuningFile.Read(Text.ReplaceLineEndings("\n")).Sections[0];
        TunedRequest larger = section.Requests[1];
        TuningSection hurried = section with
        {
            IsComplete = false,
            Requests = [larger with { Times = [new("Whole", [2], 18_000_000, 3), new("Whole", [1], 1, 3)] }],
            Accelerator = ["line"],
        };
        TuningSection both = hurried.Beside(section);
        Assert.True(both.IsComplete);
        Assert.Equal(["line"], both.Accelerator);
        Assert.Equal(["batch=16,sequence=128", "batch=1,sequence=128"], both.Requests.Select(r => r.Words));
        // Twice as long today; what was measured more often counts.
        Assert.Equal([(18_000_000, 3, 0), (34_000_000, 12, 42_000_000)], both.Requests[0].Times.Select(t => (t.Nanoseconds, t.Rounds, t.Crowded)));
        // What each takes beside others is known from one of them only.
        TuningSection longer = hurried with { Requests = [larger with { Times = [new("Whole", [2], 9_000_000, 40), new("Whole", [1], 18_000_000, 40)] }] };
        foreach (TuningSection put in new[] { longer.Beside(section), section.Beside(longer) })
            Assert.Equal((18_000_000, 40, 22_235_294), put.Requests.Single(r => r.IsAlike(larger)).Times.Select(t => (t.Nanoseconds, t.Rounds, t.Crowded)).Last());
        // Nothing of another graph, and no way that was compared with another one.
        Assert.Equal(hurried.Requests, hurried.Beside(section with { Hash = "h2:other" }).Requests);
        TunedRequest other = larger with { Times = [new("TwoLanes", [1, 1], 5, 99)] };
        Assert.Same(other.Times, other.Beside(larger).Times);
    }

    [Fact]
    public void The_numbers_of_inputs_are_kept_and_times_of_others_are_not_put_beside_them()
    {
        TuningSection section = TuningFile.Read(Text.ReplaceLineEndings("\n")).Sections[0];
        TunedRequest request = section.Requests[1], filled = request with { Fills = ["mode=1", "sr=16000"] };
        string text = TuningFile.Empty.With(section with { Requests = [filled] }).Write();
        Assert.Equal(filled.Fills, TuningFile.Read(text).Sections[0].Requests.Single().Fills);
        Assert.Equal(text, TuningFile.Read(text).Write());
        // The one that was measured now takes the other's place.
        TuningSection now = section with { IsComplete = false, Requests = [filled with { Times = [filled.Times[0]] }] };
        TunedRequest put = now.Beside(section with { IsComplete = true, Requests = [request] }).Requests.Single();
        Assert.Equal((1, 2), (put.Times.Count, put.Fills.Count));
        Assert.False(now.Beside(section with { IsComplete = true, Requests = [request] }).IsComplete);
    }

    [Theory]
    [InlineData("")]
    [InlineData("cleave-listing 1\n")]
    [InlineData("cleave-tuning 0\n")]
    [InlineData("cleave-tuning 3\n")]
    [InlineData("cleave-tuning 1")]
    [InlineData("cleave-tuning 1\ngraph \"x\"\n")]
    [InlineData("cleave-tuning 1\nmachine \"a\" 2\n")]
    [InlineData("cleave-tuning 1\nmachine \"a\" 0 \"1\"\n  graph \"x\"\n")]
    [InlineData("cleave-tuning 1\nmachine \"a\" 2 \"1\"\n")]
    [InlineData("cleave-tuning 1\nmachine \"a\" 2 \"1\"\n  graph \"x\"\n  other\n")]
    [InlineData("cleave-tuning 1\nmachine \"a\" 2 \"1\"\n  graph \"x\"\n  plan \"TwoLanes\"\n")]
    [InlineData("cleave-tuning 1\nmachine \"a\" 2 \"1\"\n  graph \"x\"\n  request [\"a\"] [1,2]\n")]
    [InlineData("cleave-tuning 1\nmachine \"a\" 2 \"1\"\n  graph \"x\"\n  request [\"a\"] [-1]\n")]
    [InlineData("cleave-tuning 1\nmachine \"a\" 2 \"1\"\n  graph \"x\"\n  request [] []\n    time \"W\" [] 1 1\n")]
    [InlineData("cleave-tuning 1\nmachine \"a\" 2 \"1\"\n  graph \"x\"\n  request [] []\n    time \"W\" [2147483647,2147483647] 1 1\n")]
    [InlineData("cleave-tuning 1\nmachine \"a\" 2 \"1\"\n  graph \"x\"\n  request [] []\n    time \"W\" [1] 0 1\n")]
    [InlineData("cleave-tuning 1\nmachine \"a\" 2 \"1\"\n  graph \"x\"\n  request [] []\n    time \"W\" [1] 1")]
    [InlineData("cleave-tuning 1\nmachine \"a\" 2 \"1\"\n  graph \"x\"\n  request [] []\n    time \"W\" [1] 1 1 0\n")]
    [InlineData("cleave-tuning 1\nmachine \"a\" 2 \"1\"\n  graph \"x\"\nmachine \"a\" 2 \"1\"\n  graph \"y\"\n")]
    public void A_damaged_file_is_refused_with_its_line(string text) =>
        Assert.StartsWith("line ", Assert.Throws<ListingException>(() => TuningFile.Read(text)).Message);

    [Fact]
    public void However_it_is_cut_a_file_is_read_or_refused()
    {
        string text = Text.ReplaceLineEndings("\n");
        for (int length = 0; length < text.Length; length++)
        {
            try
            {
                Assert.True(TuningFile.Read(text[..length]).Sections.Count <= 2);
            }
            catch (ListingException)
            {
                // Said with its line: the other way to be right.
            }
        }
    }
}
