using Cleave.TestKit;

namespace Cleave.Sample.Tests;

/// <summary>The files that come with the application.</summary>
internal static class Committed
{
    public static string Model => Path.Combine(Application, "models", "label_glyphs.onnx");

    private static string Application => Path.Combine(SharedModels.Repository, "sample-app", "LabelReader");

    public static string Image(string name) => Path.Combine(Application, "samples", name);
}
