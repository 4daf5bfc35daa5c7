using System.Linq;
using Cleave.Core.Listing;
using Cleave.Core.Tuning;
using Xunit;

namespace Cleave.Core.Tests.Tuning;

/// <summary>What stands in <c>model.onnx.tune</c>.</summary>
public sealed class TuningFileTests
{
    private const string Text = """
        cleave-tuning 1
        machine "AMD \"EPYC\"" 2 "1.29.0"
          graph "h2:0a"
          complete
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

    [Theory]
    [InlineData("")]
    [InlineData("cleave-listing 1\n")]
    [InlineData("cleave-tuning 2\n")]
    [InlineData("cleave-tuning 1")]
    [InlineData("cleave-tuning 1\ngraph \"x\"\n")]
    [InlineData("cleave-tuning 1\nmachine \"a\" 2\n")]
    [InlineData("cleave-tuning 1\nmachine \"a\" 0 \"1\"\n  graph \"x\"\n")]
    [InlineData("cleave-tuning 1\nmachine \"a\" 2 \"1\"\n")]
    [InlineData("cleave-tuning 1\nmachine \"a\" 2 \"1\"\n  graph \"x\"\n  other\n")]
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
