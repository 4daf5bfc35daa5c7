using System;
using System.Linq;
using System.Threading.Tasks;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests;

public sealed class HostileInputTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    public static TheoryData<string> Names =>
    [
        "[red]markup[/]", "[/]", "[[", "[link=https://example.com]x[/]",
        "\u001b[2J\u001b]0;title\u0007", "a\u009b31mb", "one\ntwo\r\nthree\tfour",
        "\u202Edesrever", "\u2066isolated\u2069", "zero\u200Bwidth", "{0}{1}", "%s%n", new string('x', 10_000), "",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Text_of_a_model_neither_crashes_nor_steers_a_terminal(string text)
    {
        string input = text.Length == 0 ? "x" : text;
        GraphProto graph = _tiny.Model.Graph;
        graph.Input[0] = TinyModel.Value(input, TinyModel.Float, text, 4);
        graph.Input[0].DocString = text;
        graph.Node[0] = TinyModel.Node("Add", [input, "w"], "y");
        graph.Node.Add(TinyModel.Node(input, [input], "unused", input));
        _tiny.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = input, Version = 1 });
        _tiny.Model.ProducerName = text;
        _tiny.Model.DocString = text;
        _tiny.Model.MetadataProps.Add(new StringStringEntryProto { Key = text, Value = text });
        string path = _tiny.Save();

        foreach (string[] arguments in new string[][] { ["inspect", path], ["inspect", "--json", path], ["listing", path] })
        {
            ToolRun run = await ToolRun.Of(arguments);
            Assert.True(run.Code == 0, run.Output + run.Error);
            Assert.Equal("", run.Error);
            Assert.DoesNotContain(run.Output, IsDangerous);
        }
        // What a program reads is the text itself.
        ToolRun json = await ToolRun.Of("inspect", "--json", path);
        Assert.Equal(text, json.Json.GetProperty("about").GetProperty("description").GetString());
    }

    public static TheoryData<string, byte[]> BadFiles => new()
    {
        { "CLV1002", [] },
        { "CLV1003", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"u8.ToArray() },
        { "CLV1005", "<!DOCTYPE html><html><body>404</body></html>"u8.ToArray() },
        { "CLV1004", CutOff() },
    };

    private static byte[] CutOff()
    {
        using TinyModel model = new();
        return model.Model.ToByteArray()[..^20];
    }

    [Theory]
    [MemberData(nameof(BadFiles))]
    public async Task A_bad_file_is_one_line_on_the_error_stream(string id, byte[] content)
    {
        string path = _tiny.Save(content);

        ToolRun run = await ToolRun.Of("inspect", path);

        Assert.Equal(1, run.Code);
        Assert.Equal("", run.Output);
        Assert.Equal(1, run.Error.Count(c => c == '\n'));
        Assert.StartsWith("cleave: error " + id + ": ", run.Error);
        Assert.Contains(path, run.Error);
    }

    [Theory]
    [InlineData("bench", "")]
    [InlineData("extract", "", "--nodes", "0", "-o", "part.onnx")]
    [InlineData("fix", "", "-o", "fixed.onnx")]
    [InlineData("inspect", "")]
    [InlineData("plan", "", "--cores", "2")]
    [InlineData("tune", "")]
    [InlineData("verify", "")]
    public async Task An_empty_name_of_the_model_is_refused(params string[] arguments)
    {
        ToolRun run = await ToolRun.Of(arguments);

        Assert.Equal(1, run.Code);
        Assert.StartsWith("The model's name is empty: give the .onnx file.\n", run.Error.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task An_empty_name_of_the_file_to_write_is_refused()
    {
        ToolRun run = await ToolRun.Of("fix", _tiny.Save(), "-o", "");

        Assert.Equal(1, run.Code);
        Assert.Equal("cleave: error -o: its name is empty. Give the file to write.\n", run.Error);
    }

    [Theory]
    [InlineData("inspect")]
    [InlineData("listing")]
    public async Task A_missing_file_is_one_line_on_the_error_stream(string command)
    {
        ToolRun run = await ToolRun.Of(command, _tiny.Path);

        Assert.Equal(1, run.Code);
        Assert.Matches("^cleave: error CLV1001: [^\n]+\n$", run.Error);
        // Advice for the command line, where there are no items.
        Assert.DoesNotContain("AdditionalFiles", run.Error);
    }

    [Fact]
    public async Task A_hostile_path_is_cleaned()
    {
        ToolRun run = await ToolRun.Of("inspect", "no\u001b[31m\nsuch\u202Efile.onnx");

        Assert.Equal(1, run.Code);
        Assert.Matches("^cleave: error CLV1001: [^\n]+\n$", run.Error);
        Assert.DoesNotContain(run.Error, IsDangerous);
    }

    [Fact]
    public async Task Random_bytes_give_a_problem_and_no_exception()
    {
        Random random = new(7);
        byte[] model = _tiny.Model.ToByteArray();
        for (int i = 0; i < 200; i++)
        {
            byte[] damaged = [.. model];
            for (int hits = 0; hits < 3; hits++)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            ToolRun run = await ToolRun.Of("inspect", _tiny.Save(damaged));
            Assert.True(run.Code is 0 or 1);
            Assert.DoesNotContain("Unhandled", run.Error);
            Assert.True(run.Code == 0 || (run.Error + run.Output).Contains("error CLV"), Convert.ToHexString(damaged));
        }
    }

    private static bool IsDangerous(char c) =>
        c is (< ' ' and not '\n') or (>= '\u007f' and <= '\u009f') or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u200B';

    /// <summary>Cleave's own reader takes 64 graphs in each other, so outputs are chosen in such a model, too.</summary>
    [Fact]
    public void Graphs_in_each_other_are_read_to_be_changed_as_well()
    {
        using TinyModel tiny = new();
        OnnxProto.GraphProto inner = new() { Name = "innermost" };
        inner.Output.Add(TinyModel.Value("z", TinyModel.Float, 1));
        inner.Node.Add(TinyModel.Node("Identity", ["y"], "z"));
        for (int level = 0; level < 40; level++)
        {
            OnnxProto.NodeProto node = TinyModel.Node("If", ["condition"], "z");
            foreach (string branch in new[] { "then_branch", "else_branch" })
                node.Attribute.Add(new OnnxProto.AttributeProto { Name = branch, Type = OnnxProto.AttributeProto.Types.AttributeType.Graph, G = branch == "then_branch" ? inner : new OnnxProto.GraphProto { Name = "none", Output = { TinyModel.Value("z", TinyModel.Float, 1) }, Node = { TinyModel.Node("Identity", ["y"], "z") } } });
            inner = new() { Name = "level" + level };
            inner.Output.Add(TinyModel.Value("z", TinyModel.Float, 1));
            inner.Node.Add(node);
        }
        tiny.Model.Graph.Input.Add(TinyModel.Value("condition", 9));
        tiny.Model.Graph.Node.Add(inner.Node);
        tiny.Model.Graph.Output.Add(TinyModel.Value("z", TinyModel.Float, 1));
        using Cleave.Tool.Running.ModelUnderTest model = new(tiny.Save());
        Assert.Equal(tiny.Model, model.Read());
    }
}
