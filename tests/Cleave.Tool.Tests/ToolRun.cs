using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.Tool.Commands;
using Xunit;

namespace Cleave.Tool.Tests;

/// <summary>One call of the command in this process, with what it wrote.</summary>
internal sealed record ToolRun(int Code, string Output, string Error)
{
    public JsonElement Json
    {
        get
        {
            Assert.True(Output.Length > 0, Error);
            return JsonDocument.Parse(Output).RootElement;
        }
    }

    public static async Task<ToolRun> Of(params string[] arguments)
    {
        StringWriter output = new();
        StringWriter error = new();
        int code = await CleaveCommand.InvokeAsync(arguments, output, error);
        return new ToolRun(code, output.ToString(), error.ToString());
    }
}
