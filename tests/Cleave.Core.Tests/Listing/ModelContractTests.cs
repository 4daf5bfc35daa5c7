using System;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Xunit;

namespace Cleave.Core.Tests.Listing;

public sealed class ModelContractTests
{
    private static OnnxModel Model(string input = "image", long height = 240, long opset = 17, string batch = "batch") => new()
    {
        IrVersion = 8,
        Opsets = [new OpsetImport("", opset), new OpsetImport("ai.onnx.ml", 3)],
        Graph = new OnnxGraph
        {
            Inputs = [Value(input, Dimension.Named(batch), Dimension.Fixed(height), Dimension.Unknown), Value("weight", Dimension.Fixed(2))],
            Outputs = [Value("scores", Dimension.Named(batch), Dimension.Fixed(2))],
            Initializers = [new TensorInfo("weight", ElementType.Float, [2]) { ByteSize = 8 }],
        },
    };

    private static ValueInfo Value(string name, params Dimension[] shape) => new(name, new OnnxType.Tensor(ElementType.Float, shape));

    private static string[] Differences(OnnxModel model) => [.. ModelContract.Differences(ModelContract.Text(Model(), "face.onnx"), model)];

    [Fact]
    public void It_is_sorted_text_without_the_weights() => Assert.Equal("""
        # "face.onnx": what users of the model rely on. To accept a change: cleave contract --accept
        cleave-contract 1
        dim "batch"
        input "image" tensor float ["batch",240,?]
        opset "" 17
        opset "ai.onnx.ml" 3
        output "scores" tensor float ["batch",2]

        """.ReplaceLineEndings("\n"), ModelContract.Text(Model(), "face.onnx"));

    [Fact]
    public void A_model_keeps_its_own() => Assert.Empty(Differences(Model()));

    [Fact]
    public void What_changed_is_shown_on_both_sides()
    {
        Assert.Equal(["- input \"image\" tensor float [\"batch\",240,?]", "+ input \"picture\" tensor float [\"batch\",240,?]"], Differences(Model(input: "picture")));
        Assert.Equal(["- input \"image\" tensor float [\"batch\",240,?]", "+ input \"image\" tensor float [\"batch\",480,?]"], Differences(Model(height: 480)));
        Assert.Equal(["- opset \"\" 17", "+ opset \"\" 18"], Differences(Model(opset: 18)));
        Assert.Equal(6, Differences(Model(batch: "N")).Length);
    }

    [Fact]
    public void Line_ends_order_and_comments_mean_nothing()
    {
        string[] lines = ModelContract.Text(Model(), "face.onnx").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string other = string.Join("\r\n", lines.Skip(2).Reverse().Prepend("# another").Append(lines[1]));
        Assert.Empty(ModelContract.Differences(other, Model()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("cleave-contract 2\n")]
    [InlineData("version https://git-lfs.github.com/spec/v1")]
    public void Another_file_is_no_contract(string text) =>
        Assert.Equal(["the file does not begin with 'cleave-contract 1'"], ModelContract.Differences(text, Model()));

    [Fact]
    public void Hostile_names_stay_on_their_lines()
    {
        OnnxModel hostile = Model(input: "a\ncleave-contract 1\r# \"x\"\u202e");
        string text = ModelContract.Text(hostile, "b\n.onnx");
        Assert.Equal(ModelContract.Text(Model(), "f").Split('\n').Length, text.Split('\n').Length);
        Assert.Empty(ModelContract.Differences(text, hostile));
    }
}
