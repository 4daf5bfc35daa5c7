using System;
using System.Linq;
using System.Threading.Tasks;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests;

public sealed class InspectTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public async Task Shows_what_the_model_is()
    {
        _tiny.Model.Graph.Input[0].DocString = "Four numbers.";

        ToolRun run = await ToolRun.Of("inspect", _tiny.Save());

        Assert.Equal(0, run.Code);
        Assert.Equal("", run.Error);
        Assert.Contains("tiny_model.onnx\nAdds a weight.\nmade by tests 2.5; IR 8; operator sets ai.onnx 17\n", run.Output);
        Assert.Matches("(?m)^  x +float \\[batch, 4\\] +Four numbers\\.$", run.Output);
        Assert.Matches("(?m)^  y +float \\[batch, 4\\] *$", run.Output);
        Assert.Matches("(?m)^  batch +x\\[0\\], y\\[0\\] *$", run.Output);
        Assert.Contains("Operators (1 node of 1 kind)\n  1 Add\n", run.Output);
        Assert.Contains("Parameters (16 bytes in 1 tensor)", run.Output);
        Assert.Contains("class TinyModelInput(int batch)\n      required ReadOnlyMemory<float> X\n", run.Output);
        Assert.DoesNotContain("What costs speed", run.Output);
        Assert.DoesNotContain("What is odd", run.Output);
        Assert.DoesNotContain("Problems", run.Output);
    }

    [Fact]
    public async Task Counts_nodes_and_weights_of_bodies_and_functions()
    {
        GraphProto body = new() { Name = "then" };
        body.Initializer.Add(TinyModel.Weight("inner", TinyModel.Float, sizeof(float), 8));
        body.Node.Add(TinyModel.Node("Neg", ["inner"], "negated"));
        body.Output.Add(TinyModel.Value("negated", TinyModel.Float, 8));
        NodeProto branch = TinyModel.Node("If", ["flag"], "chosen");
        foreach (string name in new[] { "then_branch", "else_branch" })
            branch.Attribute.Add(new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Graph, G = body });
        NodeProto constant = TinyModel.Node("Constant", [], "c");
        constant.Attribute.Add(new AttributeProto
        {
            Name = "value",
            Type = AttributeProto.Types.AttributeType.Tensor,
            T = TinyModel.Weight("", 7, sizeof(long), 2),
        });
        _tiny.Model.Graph.Input.Add(TinyModel.Value("flag", 9));
        _tiny.Model.Graph.Node.Add(branch);
        _tiny.Model.Graph.Node.Add(constant);
        _tiny.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "local", Version = 1 });
        _tiny.Model.Functions.Add(new FunctionProto { Domain = "local", Name = "Twice", Node = { TinyModel.Node("Add", ["a", "a"], "b") }, Input = { "a" }, Output = { "b" } });

        ToolRun run = await ToolRun.Of("inspect", "--json", _tiny.Save());

        Assert.Equal(0, run.Code);
        var graph = run.Json.GetProperty("graph");
        Assert.Equal(5, graph.GetProperty("nodes").GetInt32());
        Assert.Equal(["Neg 2", "Add 1", "Constant 1", "If 1"],
            graph.GetProperty("operators").EnumerateArray().Select(o => o.GetProperty("name").GetString() + " " + o.GetProperty("count").GetInt32()));
        var parameters = graph.GetProperty("parameters");
        Assert.Equal(16 + 32 + 32 + 16, parameters.GetProperty("bytes").GetInt64());
        Assert.Equal(16, parameters.GetProperty("bytesInConstantNodes").GetInt64());
        Assert.Equal("Twice", graph.GetProperty("functions")[0].GetProperty("name").GetString());
    }

    [Fact]
    public async Task What_the_file_says_of_a_value_and_cannot_be_is_noted()
    {
        _tiny.Model.Graph.Node.Add(TinyModel.Node("Neg", ["x"], "negated"));
        _tiny.Model.Graph.ValueInfo.Add(TinyModel.Value("negated", TinyModel.Float, 2, 5));
        string path = _tiny.Save();

        ToolRun text = await ToolRun.Of("inspect", path), json = await ToolRun.Of("inspect", "--json", path);

        const string Note = "The file says that 'negated' is float [2,5]; it is float [batch,4].";
        Assert.Contains("What is odd about values\n  " + Note + "\n", text.Output);
        Assert.Equal([Note], json.Json.GetProperty("notes").EnumerateArray().Select(n => n.GetString()));
    }

    [Fact]
    public async Task Initializers_listed_as_inputs_are_a_weakness_and_no_inputs()
    {
        _tiny.Model.Graph.Input.Add(TinyModel.Value("w", TinyModel.Float, 4));

        ToolRun run = await ToolRun.Of("inspect", "--json", _tiny.Save());

        Assert.Equal(["initializers-as-inputs"], WeaknessIds(run));
        Assert.Equal("x", Assert.Single(run.Json.GetProperty("graph").GetProperty("inputs").EnumerateArray()).GetProperty("name").GetString());
    }

    [Fact]
    public async Task Double_precision_is_a_weakness_but_a_single_double_is_not()
    {
        _tiny.Model.Graph.Initializer.Add(TinyModel.Weight("epsilon", TinyModel.Double, sizeof(double), 1));
        Assert.Empty(WeaknessIds(await ToolRun.Of("inspect", "--json", _tiny.Save())));

        _tiny.Model.Graph.Initializer.Add(TinyModel.Weight("table", TinyModel.Double, sizeof(double), 5));
        Assert.Equal(["double-precision"], WeaknessIds(await ToolRun.Of("inspect", "--json", _tiny.Save())));
    }

    [Fact]
    public async Task A_batch_fixed_at_one_is_a_weakness_in_text_with_advice()
    {
        _tiny.Model.Graph.Input[0] = TinyModel.Value("x", TinyModel.Float, 1, 4);

        ToolRun run = await ToolRun.Of("inspect", _tiny.Save());

        Assert.Equal(0, run.Code);
        Assert.Matches("What costs speed\n  The batch is fixed at 1: .*\n    If you have several .*\n", run.Output);
    }

    [Fact]
    public async Task A_model_without_a_class_is_shown_with_the_reason_and_fails()
    {
        _tiny.Model.Graph.Output.Add(new ValueInfoProto
        {
            Name = "words",
            Type = new TypeProto { SequenceType = new TypeProto.Types.Sequence { ElemType = TinyModel.Value("", 8).Type } },
        });
        _tiny.Model.Graph.Node.Add(TinyModel.Node("Unknown", ["x"], "words", "my.domain"));
        _tiny.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "my.domain", Version = 1 });

        ToolRun run = await ToolRun.Of("inspect", _tiny.Save());

        Assert.Equal(1, run.Code);
        Assert.Contains("  error CLV2001: ", run.Output);
        Assert.Contains("docs/diagnostics/CLV2001.md", run.Output);
        Assert.Contains("my.domain.Unknown", run.Output);
        Assert.Matches("(?m)^  words +seq\\(tensor\\(string\\)\\) *$", run.Output);
        Assert.DoesNotContain("Generated C#", run.Output);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task External_files_are_named()
    {
        TensorProto weight = _tiny.Model.Graph.Initializer[0];
        weight.RawData = ByteString.Empty;
        weight.DataLocation = TensorProto.Types.DataLocation.External;
        weight.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "weights.bin" });
        string path = _tiny.Save();
        System.IO.File.WriteAllBytes(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, "weights.bin"), new byte[16]);

        ToolRun run = await ToolRun.Of("inspect", path);

        Assert.Equal(0, run.Code);
        Assert.Contains("External files: weights.bin", run.Output);
        Assert.Contains("16 bytes in 1 tensor", run.Output);
    }

    [Fact]
    public async Task Redirected_output_has_no_colour_codes_and_does_not_wrap()
    {
        string name = new('n', 150);
        _tiny.Model.Graph.Input[0].Name = name;
        _tiny.Model.Graph.Node[0].Input[0] = name;
        _tiny.Model.Graph.Input[0].DocString = string.Join(' ', Enumerable.Repeat("word", 50));

        ToolRun run = await ToolRun.Of("inspect", _tiny.Save());

        Assert.DoesNotContain('\u001b', run.Output);
        Assert.Matches("(?m)^  n{150}  float \\[batch, 4\\]  (word ?){50}$", run.Output);
    }

    private static string[] WeaknessIds(ToolRun run) =>
        [.. run.Json.GetProperty("weaknesses").EnumerateArray().Select(w => w.GetProperty("id").GetString()!)];
}
