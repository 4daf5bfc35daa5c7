using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Tool.Tests;

public sealed class SharedModelTests
{
    [SkippableFact]
    public async Task Every_real_model_is_understood()
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        foreach (string model in SharedModels.All)
        {
            ToolRun text = await ToolRun.Of("inspect", SharedModels.PathOf(model));
            ToolRun json = await ToolRun.Of("inspect", "--json", SharedModels.PathOf(model));
            Assert.True(text.Code == 0 && json.Code == 0, model + ": " + text.Error + json.Output);
            Assert.Equal(JsonValueKind.Object, json.Json.GetProperty("generated").ValueKind);
        }
    }

    [SkippableTheory]
    [InlineData("ultraface_rfb_320.onnx", "initializers-as-inputs,fixed-batch")]
    [InlineData("dtln_1.onnx", "fixed-batch")]
    [InlineData("ppocrv3_det_en.onnx", "")]
    [InlineData("silero_vad.onnx", "")]
    public async Task What_costs_speed_in_real_models_is_found(string model, string weaknesses)
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);

        ToolRun run = await ToolRun.Of("inspect", "--json", SharedModels.PathOf(model));

        Assert.Equal(weaknesses, string.Join(',', run.Json.GetProperty("weaknesses").EnumerateArray().Select(w => w.GetProperty("id").GetString())));
    }
}
