using System;
using System.Threading.Tasks;
using Xunit;

namespace Cleave.Tool.Tests;

public sealed class JsonTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    // Programs read this: names, order and kinds change only with the format number (docs/inspect.md).
    [Fact]
    public async Task Has_a_fixed_form()
    {
        _tiny.Model.Graph.Output[0] = TinyModel.Value("y", TinyModel.Float, "batch", null, 4);
        _tiny.Model.MetadataProps.Add(new OnnxProto.StringStringEntryProto { Key = "k", Value = "v" });
        string path = _tiny.Save();

        ToolRun run = await ToolRun.Of("inspect", path, "--json");

        Assert.Equal(0, run.Code);
        Assert.Equal("", run.Error);
        string hash = run.Json.GetProperty("hash").GetString()!;
        Assert.Matches("^h2:[0-9a-f]{64}$", hash);
        string compact = System.Text.Json.JsonSerializer.Serialize(run.Json).Replace(hash, "HASH").Replace(path, "PATH");
        Assert.Equal(
            """
            {"format":1,"model":"PATH","hash":"HASH","about":{"producerName":"tests","producerVersion":"2.5","domain":"","version":0,"description":"Adds a weight.","metadata":[{"key":"k","value":"v"}]},
            "graph":{"irVersion":8,"opsets":[{"domain":"ai.onnx","version":17}],
            "inputs":[{"name":"x","type":"tensor(float)","shape":["batch",4],"description":""}],
            "outputs":[{"name":"y","type":"tensor(float)","shape":["batch",null,4],"description":""}],
            "dimensions":[{"name":"batch","places":["x[0]","y[0]"]}],
            "nodes":1,"operators":[{"domain":"ai.onnx","name":"Add","count":1}],
            "parameters":{"tensors":1,"bytes":16,"bytesInConstantNodes":0,"byType":[{"element":"float","tensors":1,"bytes":16}],"externalFiles":[]},"functions":[],"values":null},
            "weaknesses":[],
            "generated":{"namespace":"MyApp","runner":"TinyModelRunner","input":"TinyModelInput","output":"TinyModelOutput","call":"TinyModelCall","signature":[
            "class TinyModelRunner(RunnerOptions? options = null)",
            "    TinyModelOutput Run(TinyModelInput input, CancellationToken cancellationToken = default)",
            "    Task\u003CTinyModelOutput\u003E RunAsync(TinyModelInput input, CancellationToken cancellationToken = default)",
            "    TinyModelOutput[] RunMany(IReadOnlyList\u003CTinyModelInput\u003E inputs, CancellationToken cancellationToken = default)",
            "    Task\u003CTinyModelOutput[]\u003E RunManyAsync(IReadOnlyList\u003CTinyModelInput\u003E inputs, CancellationToken cancellationToken = default)",
            "    TinyModelCall CreateCall(int batch)",
            "class TinyModelInput(int batch)",
            "    required ReadOnlyMemory\u003Cfloat\u003E X",
            "class TinyModelOutput : IDisposable",
            "    OutputTensor\u003Cfloat\u003E Y"]},
            "problems":[],"notes":["The file says that \u0027y\u0027 is float [batch,?0,4]; it is float [batch,4]."]}
            """.ReplaceLineEndings(""), compact);
    }

    [Fact]
    public async Task Is_the_same_each_time()
    {
        string path = _tiny.Save();

        ToolRun first = await ToolRun.Of("inspect", "--json", path);
        ToolRun second = await ToolRun.Of("inspect", "--json", path);

        Assert.Equal(first.Output, second.Output);
        Assert.DoesNotContain('\r', first.Output);
        Assert.EndsWith("}\n", first.Output);
    }

    [Fact]
    public async Task Holds_the_problem_where_the_model_cannot_be_read()
    {
        ToolRun run = await ToolRun.Of("inspect", "--json", _tiny.Path);

        Assert.Equal(1, run.Code);
        Assert.Equal("", run.Error);
        Assert.Equal("CLV1001", run.Json.GetProperty("problems")[0].GetProperty("id").GetString());
        Assert.Equal("error", run.Json.GetProperty("problems")[0].GetProperty("severity").GetString());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, run.Json.GetProperty("graph").ValueKind);
    }
}
