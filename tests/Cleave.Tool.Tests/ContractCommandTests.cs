using System.IO;
using System.Threading.Tasks;
using Xunit;

namespace Cleave.Tool.Tests;

public sealed class ContractCommandTests
{
    [Fact]
    public async Task It_is_written_compared_and_accepted()
    {
        using TinyModel tiny = new();
        string path = tiny.Save(), contract = path + ".contract.txt";

        ToolRun none = await ToolRun.Of("contract", path);
        Assert.Equal((1, ""), (none.Code, none.Output));
        Assert.Contains("--accept", none.Error);
        Assert.False(File.Exists(contract));

        Assert.Equal(0, (await ToolRun.Of("contract", "--accept", path)).Code);
        Assert.Contains("input \"x\" tensor float [\"batch\",4]\n", await File.ReadAllTextAsync(contract));
        Assert.Equal(0, (await ToolRun.Of("contract", path)).Code);

        tiny.Model.Graph.Output[0].Name = "z\u001b[31m";
        tiny.Model.Graph.Node[0].Output[0] = "z\u001b[31m";
        tiny.Save();
        ToolRun changed = await ToolRun.Of("contract", path);
        Assert.Equal(1, changed.Code);
        Assert.Contains("- output \"y\"", changed.Output);
        Assert.DoesNotContain('\u001b', changed.Output);

        Assert.Equal(0, (await ToolRun.Of("contract", path, "--accept")).Code);
        Assert.Equal(0, (await ToolRun.Of("contract", path)).Code);
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!, "*contract*"));
    }

    [Fact]
    public async Task Where_it_cannot_be_written_nothing_changes()
    {
        using TinyModel tiny = new();
        string path = tiny.Save();
        // A folder in its place: unlike permissions, it stops root, too.
        Directory.CreateDirectory(path + ".contract.txt");
        ToolRun run = await ToolRun.Of("contract", "--accept", path);
        Assert.Equal(1, run.Code);
        Assert.StartsWith("cleave: error ", run.Error);
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public async Task A_file_that_is_no_model_is_said_to_be_so()
    {
        using TinyModel tiny = new();
        ToolRun run = await ToolRun.Of("contract", "--accept", tiny.Save([]));
        Assert.Equal(1, run.Code);
        Assert.Contains("CLV1002", run.Error);
    }
}
