using System;
using System.Diagnostics;
using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.Tool.Commands;
using Cleave.Tool.Measuring;
using Xunit;

namespace Cleave.Tool.Tests.Benching;

public sealed class EnvironmentTests
{
    /// <summary>The environment of a shell in which an application was recorded or tuned.</summary>
    [Theory]
    [InlineData("bench", "MODEL", "--quick", "--threads", "1", "--callers", "1")]
    [InlineData("tune", "MODEL", "--budget", "1")]
    public async Task What_an_application_is_told_is_not_meant_for_runners_that_are_measured(params string[] arguments)
    {
        using TinyModel tiny = new();
        using TempFolder recorded = new(), tuned = new();
        string model = tiny.Save();
        await Run(Array.ConvertAll(arguments, a => a == "MODEL" ? model : a), ("CLEAVE_RECORD", recorded.Path), ("CLEAVE_TUNE", tuned.Path));
        Assert.Empty(Directory.GetFileSystemEntries(recorded.Path));
        Assert.Empty(Directory.GetFileSystemEntries(tuned.Path));
    }

    /// <summary>As many as its runner would have, and as many as <c>cleave tune</c> tunes for.</summary>
    [Fact]
    public async Task A_plan_is_for_the_cores_that_the_process_may_use()
    {
        using TinyModel tiny = new();
        JsonElement plan = JsonDocument.Parse(await Run(["plan", tiny.Save(), "--json"], ("CLEAVE_CORES", "1"))).RootElement;
        Assert.Equal(1, plan.GetProperty("plan").GetProperty("cores").GetInt32());
    }

    /// <summary>What is prepared is a part of what a plan shows, also where the arguments lie in a file.</summary>
    [Fact]
    public async Task A_plan_knows_the_prepared_folder_of_the_environment()
    {
        using TinyModel tiny = new();
        using TempFolder prepared = new();
        string arguments = Path.Combine(prepared.Path, "plan.rsp");
        await File.WriteAllLinesAsync(arguments, ["plan", tiny.Save(), "--json"]);
        JsonElement plan = JsonDocument.Parse(await Run(["@" + arguments], ("CLEAVE_PREPARED", prepared.Path))).RootElement;
        Assert.Contains(prepared.Path, plan.GetProperty("memory").GetProperty("preparedFolders").GetString(), StringComparison.Ordinal);
    }

    private static async Task<string> Run(string[] arguments, params (string Name, string Value)[] variables)
    {
        (string program, string[] before) = new WorkerHost(typeof(CleaveCommand).Assembly).Command;
        ProcessStartInfo start = new(program, [.. before, .. arguments]) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach ((string name, string value) in variables)
            start.Environment[name] = value;
        using Process tool = Process.Start(start)!;
        Task<string> error = tool.StandardError.ReadToEndAsync(), output = tool.StandardOutput.ReadToEndAsync();
        try
        {
            await tool.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(3));
        }
        finally
        {
            if (!tool.HasExited)
                tool.Kill(entireProcessTree: true);
        }
        Assert.True(tool.ExitCode == 0, await error + await output);
        return await output;
    }
}
