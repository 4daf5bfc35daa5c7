using System.IO;
using System.Threading.Tasks;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Tool.Tests;

public sealed class SampleModelTests
{
    // The models that sample-app/training makes, and sample-app/PageReader uses by these names.
    [Theory]
    [InlineData("orientation", "Orientation", "Turned")]
    [InlineData("recognizer_a", "RecognizerA", "Scores")]
    [InlineData("recognizer_b", "RecognizerB", "Scores")]
    [InlineData("recognizer_c", "RecognizerC", "Scores")]
    public async Task The_samples_models_have_names_dimensions_and_descriptions_to_generate_from(string file, string name, string output)
    {
        string path = Path.Combine(SharedModels.Repository, "sample-app", "PageReader", "models", file + ".onnx");

        ToolRun run = await ToolRun.Of("inspect", path);

        Assert.Equal(0, run.Code);
        Assert.Matches(@"(?m)^  lines  float \[batch, 1, 24, width\]  \w.*$", run.Output);
        Assert.Contains($"class {name}Input(int batch, int width)\n      required ReadOnlyMemory<float> Lines\n", run.Output);
        Assert.Contains($"      OutputTensor<float> {output}\n", run.Output);
        Assert.True(new FileInfo(path).Length < 1_000_000);
    }
}
