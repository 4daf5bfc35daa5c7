using System;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Tool.Tests;

/// <summary><c>cleave inspect --values</c></summary>
public sealed class ValuesTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public ValuesTests()
    {
        GraphProto graph = _tiny.Model.Graph;
        graph.Node.Insert(0, TinyModel.Node("Relu", ["x"], "/body/relu_0"));
        graph.Node[0].Name = "relu";
        graph.Node.Insert(1, TinyModel.Node("Mystery", ["/body/relu_0"], "hidden", "my.domain"));
        graph.Node.Insert(2, TinyModel.Node("Neg", ["w"], "constant"));
        _tiny.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "my.domain", Version = 1 });
    }

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public async Task Every_value_is_listed_with_what_makes_it_and_whether_it_can_be_chosen()
    {
        ToolRun run = await ToolRun.Of("inspect", "--values", _tiny.Save());
        Assert.Equal(0, run.Code);
        Assert.Contains("\nValues (6): the item metadata Outputs can name those that are marked +\n", run.Output);
        Assert.Matches(@"(?m)^  - x +float \[batch, 4\] +input +it is an input *$", run.Output);
        Assert.Matches(@"(?m)^  - w +float \[4\] +initializer +it is an initializer, the same in every call *$", run.Output);
        Assert.Matches(@"(?m)^  \+ /body/relu_0 +float \[batch, 4\] +Relu relu *$", run.Output);
        Assert.Matches(@"(?m)^  - hidden +unknown +my\.domain\.Mystery +its element type is not known: it is made by the operator my\.domain\.Mystery *$", run.Output);
        Assert.Matches(@"(?m)^  - constant +float \[4\] +Neg +it is the same in every call, since it depends on no input *$", run.Output);
        Assert.Matches(@"(?m)^  \+ y +float .*Add *$", run.Output);
        Assert.DoesNotContain("Values (", (await ToolRun.Of("inspect", _tiny.Path)).Output);
    }

    [Fact]
    public async Task The_same_as_JSON()
    {
        ToolRun run = await ToolRun.Of("inspect", "--values", "--json", _tiny.Save());
        JsonElement[] values = [.. run.Json.GetProperty("graph").GetProperty("values").EnumerateArray()];
        Assert.Equal(["x", "w", "/body/relu_0", "hidden", "constant", "y"], values.Select(v => v.GetProperty("name").GetString()));
        Assert.Equal(
            """{"name":"/body/relu_0","type":"tensor(float)","shape":["batch",4],"producer":"Relu","node":"relu","whyNot":null}""",
            JsonSerializer.Serialize(values[2]));
        Assert.Equal("""{"name":"x","type":"tensor(float)","shape":["batch",4],"producer":"input","node":"","whyNot":"it is an input"}""", JsonSerializer.Serialize(values[0]));
        Assert.Equal(JsonValueKind.Null, values[3].GetProperty("shape").ValueKind);
    }

    [SkippableFact]
    public async Task Real_models_have_values_to_choose()
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        foreach (string model in SharedModels.All)
        {
            ToolRun run = await ToolRun.Of("inspect", "--values", "--json", SharedModels.PathOf(model));
            Assert.Contains(run.Json.GetProperty("graph").GetProperty("values").EnumerateArray(), v => v.GetProperty("whyNot").ValueKind == JsonValueKind.Null);
        }
    }
}
