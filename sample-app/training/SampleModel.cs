using PageReader.Training.Network;

namespace PageReader.Training;

/// <summary>A model of the application: drawn, trained and written by code, the same bytes each time.</summary>
/// <param name="Name">Of the file, without its ending.</param>
/// <param name="Seed">Of its first weights and of the lines it learns from.</param>
/// <param name="Steps">Of training.</param>
internal sealed record SampleModel(string Name, ulong Seed, int Steps)
{
    private const int RecognizerSteps = 1500;
    private const int OrientationSteps = 500;

    /// <summary>The recognisers differ in their seeds only.</summary>
    public static IReadOnlyList<SampleModel> Recognizers { get; } =
        [new("recognizer_a", 1, RecognizerSteps), new("recognizer_b", 2, RecognizerSteps), new("recognizer_c", 3, RecognizerSteps)];

    public static SampleModel Orientation { get; } = new("orientation", 4, OrientationSteps);

    public static IReadOnlyList<SampleModel> All { get; } = [Orientation, .. Recognizers];

    public string File => Name + ".onnx";

    public byte[] Make(Action<string> report)
    {
        report($"{Name}:");
        LineNetwork network = this == Orientation ? Trainer.Orientation(Seed, Steps, report) : Trainer.Recognizer(Seed, Steps, report);
        return this == Orientation ? OnnxFile.Orientation(network, Name) : OnnxFile.Recognizer(network, Name);
    }
}
