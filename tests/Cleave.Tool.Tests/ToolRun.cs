using System.IO;
using System.Text.Json;
using System.Text.RegularExpressions;
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

    /// <summary>Whether something could not be measured because others kept the machine busy, which is no fault of the command.</summary>
    public bool IsDisturbed => Regex.IsMatch(Output + Error, "does not rest|was disturbed");

    /// <summary>A call that measures: again, three times at most, where it was disturbed.</summary>
    public static async Task<ToolRun> Measured(params string[] arguments)
    {
        ToolRun run = await Of(arguments);
        for (int again = 0; again < 2 && run.IsDisturbed; again++)
            run = await Of(arguments);
        return run;
    }

    public static async Task<ToolRun> Of(params string[] arguments)
    {
        StringWriter output = new();
        StringWriter error = new();
        int code = await CleaveCommand.InvokeAsync(arguments, output, error);
        return new ToolRun(code, output.ToString(), error.ToString());
    }
}
