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
    public void Runs_between_blanks_are_characters(string steps, string text) => Assert.Equal(text, Read(steps, 0.9f).Text);

    [Fact]
    public void Confidence_is_the_share_of_what_was_chosen()
    {
        Assert.Equal(0.9f, Read("_a_b_", 0.9f).Confidence, 0.02f);
        Assert.InRange(Read("_O0O_", 0.9f).Confidence, 0.5f, 0.7f);
        Assert.Equal(0, Read("", 0.9f).Confidence);
    }

    // Whether there is a character is another question than which it is.
    [Fact]
    public void Confidence_leaves_out_how_likely_there_is_no_character()
    {
        float[] scores = Scores("a", 0.5f);
        scores.AsSpan().Replace(scores[^1], 0.01f / (Alphabet.Classes.Length - 2));
        scores[Alphabet.Blank] = 0.49f;

        Transcript transcript = Transcript.Of(scores, [1, 1, Alphabet.Classes.Length]);

        Assert.Equal("a", transcript.Text);
        Assert.Equal(0.5f / 0.51f, transcript.Confidence, 0.001f);
    }

    // As when a glyph was added and the models were not trained again.
    [Fact]
    public void Scores_of_another_alphabet_are_refused()
    {
        int classes = Alphabet.Classes.Length - 1;

        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => Transcript.Of(new float[3 * classes], [1, 3, classes]));

        Assert.StartsWith($"it tells {classes} classes apart, and the alphabet has {classes + 1}; train the recognisers again", refusal.Message);
        Assert.Throws<InvalidDataException>(() => Transcript.Of([1], []));
    }

    private static Transcript Read(string steps, float sure) => Transcript.Of(Scores(steps, sure), [1, steps.Length, Alphabet.Classes.Length]);

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
