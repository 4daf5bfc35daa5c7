using LabelGlyphsModel;
using LabelReader.Imaging;
using LabelReader.Reading;
using Xunit;

namespace Cleave.Sample.Tests;

public sealed class ModelTests
{
    [Theory]
    [InlineData("shelf-label.png", "ARTICLE 4071816", "BIN C12 SHELF 7", "LOT 8Q5Z K3 2026")]
    [InlineData("parcel.ppm", "PARCEL 3 OF 8", "DOCK 14 GATE B", "JX96 QK5 WV0UM", "ZONE 7 HEAVY")]
    public void The_committed_model_reads_the_sample_images(string name, params string[] expected)
    {
        using OnnxScorer model = new(File.ReadAllBytes(Committed.Model));
        Page page = Page.TakeApart(ImageFile.Read(Committed.Image(name)));

        float[] scores = model.Score(page.Glyphs);

        Assert.Equal(page.GlyphCount * Transcript.Classes.Length, scores.Length);
        Assert.All(scores.Chunk(Transcript.Classes.Length), s => Assert.Equal(1, s.Sum(), 1e-4f));
        IReadOnlyList<ReadLine> lines = Transcript.Of(page, scores);
        Assert.Equal(expected, lines.Select(l => l.Text));
        Assert.All(lines, l => Assert.InRange(l.Confidence, l.LeastConfidence, 1));
        Assert.All(lines, l => Assert.InRange(l.LeastConfidence, 0.5f, 1));
    }

    // Ten to fifteen seconds of training.
    [Fact]
    public void The_maker_makes_the_committed_model_byte_for_byte()
    {
        byte[] committed = File.ReadAllBytes(Committed.Model);

        byte[] made = LabelModel.Make(_ => { });

        Assert.True(committed.AsSpan().SequenceEqual(made), "sample-app/LabelReader/models/label_glyphs.onnx is not what sample-app/model makes");
    }

    // By their pixels: packing may differ between versions of zlib.
    [Fact]
    public void The_maker_draws_the_committed_images()
    {
        Assert.Equal(["shelf-label.png", "parcel.ppm"], SampleImage.All.Select(s => s.FileName));
        foreach (SampleImage sample in SampleImage.All)
        {
            byte[] encoded = sample.Encode();
            GrayImage made = PngReader.Recognizes(encoded) ? PngReader.Read(encoded) : NetpbmReader.Read(encoded);
            GrayImage committed = ImageFile.Read(Committed.Image(sample.FileName));
            Assert.Equal((made.Width, made.Height), (committed.Width, committed.Height));
            Assert.Equal(made.Pixels, committed.Pixels);
        }
    }
}
