using Cleave.OnnxProto;
using Google.Protobuf;
using PageReader.Imaging;
using PageReader.Reading;
using PageReader.Training;
using PageReader.Training.Network;
using PageReader.Training.Pages;
using Xunit;

namespace Cleave.Sample.Tests;

public sealed class ModelTests : IDisposable
{
    private readonly OnnxScorer[] _recognizers = [.. SampleModel.Recognizers.Select(m => new OnnxScorer(Committed.Model(m.File)))];
    private readonly OnnxScorer _orientation = new(Committed.Model(SampleModel.Orientation.File));

    public void Dispose()
    {
        foreach (OnnxScorer scorer in _recognizers)
            scorer.Dispose();
        _orientation.Dispose();
    }

    public static TheoryData<string> Images => [.. SampleImages.All.Select(s => s.File)];

    [Theory]
    [MemberData(nameof(Images))]
    public void The_ensemble_reads_the_sample_images(string file)
    {
        DrawnPage drawn = SampleImages.All.Single(s => s.File == file).Page;
        Scan scan = new PageModels(_recognizers, _orientation).Read(ImageFile.Read(Committed.Image(file)));

        Assert.False(scan.WasTurned);
        Assert.InRange(Accuracy.Of(drawn.Text, scan).Right, 0.98, 1);
    }

    [Theory]
    [MemberData(nameof(Images))]
    public void A_page_that_stands_on_its_head_is_turned_and_read(string file)
    {
        DrawnPage drawn = SampleImages.All.Single(s => s.File == file).Page with { UpsideDown = true };

        Scan scan = new PageModels(_recognizers, _orientation).Read(drawn.Draw());

        Assert.True(scan.WasTurned);
        Assert.InRange(Accuracy.Of(drawn.Text, scan).Right, 0.98, 1);
    }

    // What the README says.
    [Fact]
    public void Held_out_pages_are_read_and_the_ensemble_reads_better_than_each_member()
    {
        HeldOutResult result = HeldOutResult.Of(HeldOutPages.Draw(HeldOutPages.Count), _recognizers, _orientation);

        Assert.InRange(result.Ensemble.Characters, 5_000, int.MaxValue);
        Assert.All(result.Members, member => Assert.InRange(member.Right, 0.97, 1));
        Assert.All(result.Members, member => Assert.True(result.Ensemble.Mistakes < member.Mistakes, $"{result.Ensemble} against {member}"));
        Assert.Equal(1, result.Orientation);
    }

    [Fact]
    public void Models_are_small() =>
        Assert.All(SampleModel.All, m => Assert.InRange(Committed.Model(m.File).Length, 1, 1_000_000));

    public static TheoryData<string> Names => [.. SampleModel.All.Select(m => m.Name)];

    // Names, shapes and descriptions too.
    [Theory]
    [MemberData(nameof(Names))]
    public void The_committed_models_are_what_the_code_writes_but_for_the_weights(string name)
    {
        bool isOrientation = name == SampleModel.Orientation.Name;
        byte[] untrained = isOrientation ? OnnxFile.Orientation(LineNetwork.Orientation(1), name) : OnnxFile.Recognizer(LineNetwork.Recognizer(1), name);

        Assert.Equal(WithoutWeights(untrained), WithoutWeights(Committed.Model(name + ".onnx")));

        static ModelProto WithoutWeights(byte[] file)
        {
            ModelProto model = ModelProto.Parser.ParseFrom(file);
            foreach (TensorProto tensor in model.Graph.Initializer)
                tensor.RawData = ByteString.Empty;
            return model;
        }
    }

    // The whole training takes minutes; ./build.sh bench sample compares its result with the committed files.
    [Fact]
    public void Training_gives_the_same_bytes_each_time_and_another_seed_others()
    {
        byte[] first = new SampleModel("recognizer_a", 1, 3).Make(_ => { });
        byte[] again = new SampleModel("recognizer_a", 1, 3).Make(_ => { });
        byte[] other = new SampleModel("recognizer_a", 2, 3).Make(_ => { });

        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
    }

    [Fact]
    public void The_written_model_gives_what_the_trained_network_gives()
    {
        LineNetwork network = Trainer.Recognizer(5, 2, _ => { });
        using OnnxScorer model = new(OnnxFile.Recognizer(network, "recognizer"));
        LineCrop line = LineSample.Draw(new SeededRandom(7), 320).Crop;

        (float[] written, int[] shape) = model.Score(line);
        Planes scores = network.Forward(line);

        int classes = Alphabet.Classes.Length;
        Assert.Equal([1, line.Width / Alphabet.ColumnsPerStep, classes], shape);
        // The network works on wider lines of nothing but paper at the end; far from it nothing differs.
        for (int step = 0; step < written.Length / classes - 16; step++)
        {
            float sum = 0;
            for (int c = 0; c < classes; c++)
                sum += MathF.Exp(scores.Data[scores.At(c, 0) + step]);
            for (int c = 0; c < classes; c++)
                Assert.Equal(MathF.Exp(scores.Data[scores.At(c, 0) + step]) / sum, written[step * classes + c], 1e-3f);
        }
    }

    // By their pixels: packing may differ between versions of zlib.
    [Theory]
    [MemberData(nameof(Images))]
    public void The_maker_draws_the_committed_images(string file)
    {
        GrayImage made = SampleImages.All.Single(s => s.File == file).Page.Draw();
        GrayImage committed = ImageFile.Read(Committed.Image(file));

        Assert.Equal((made.Width, made.Height), (committed.Width, committed.Height));
        Assert.Equal(made.Pixels, committed.Pixels);
    }
}
