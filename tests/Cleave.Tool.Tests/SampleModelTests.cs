using System.IO;
using System.Threading.Tasks;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Tool.Tests;

public sealed class SampleModelTests
{
    // The model that sample-app/model makes, and sample-app/LabelReader uses by these names.
    [Fact]
    public async Task The_samples_model_has_names_dimensions_and_descriptions_to_generate_from()
    {
        string path = Path.Combine(SharedModels.Repository, "sample-app", "LabelReader", "models", "label_glyphs.onnx");

        ToolRun run = await ToolRun.Of("inspect", path);

        Assert.Equal(0, run.Code);
        Assert.Matches(@"(?m)^  glyphs  float \[batch, 1, 24, 16\]  \w.*$", run.Output);
        Assert.Contains("class LabelGlyphsInput(int batch)\n      required ReadOnlyMemory<float> Glyphs\n", run.Output);
        Assert.Contains("      OutputTensor<float> Scores\n", run.Output);
        Assert.True(new FileInfo(path).Length < 300_000);
    }
}
