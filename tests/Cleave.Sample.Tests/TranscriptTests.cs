using PageReader.Reading;
using Xunit;

namespace Cleave.Sample.Tests;

public sealed class TranscriptTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("__", "")]
    [InlineData("_a_", "a")]
    [InlineData("_aa_a_", "aa")]
    [InlineData("_O0O_", "O")] // a run is one character: what most of its steps say
    [InlineData(" _a_ _ _b_ ", "a b")]
    public void Runs_between_blanks_are_characters(string steps, string text) => Assert.Equal(text, Transcript.Of(Scores(steps, 0.9f)).Text);

    [Fact]
    public void Confidence_is_the_share_of_what_was_chosen()
    {
        Assert.Equal(0.9f, Transcript.Of(Scores("_a_b_", 0.9f)).Confidence, 0.02f);
        Assert.InRange(Transcript.Of(Scores("_O0O_", 0.9f)).Confidence, 0.5f, 0.7f);
        Assert.Equal(0, Transcript.Of([]).Confidence);
    }

    private static float[] Scores(string steps, float sure)
    {
        int classes = Alphabet.Classes.Length;
        float[] scores = new float[steps.Length * classes];
        for (int step = 0; step < steps.Length; step++)
        {
            scores.AsSpan(step * classes, classes).Fill((1 - sure) / (classes - 1));
            scores[step * classes + (steps[step] == '_' ? Alphabet.Blank : Alphabet.Classes.IndexOf(steps[step]))] = sure;
        }
        return scores;
    }
}
