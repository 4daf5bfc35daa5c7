using System;
using System.Diagnostics;
using System.IO;
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
    [InlineData("tune", "MODEL", "--budget", "5")]
    public async Task What_an_application_is_told_is_not_meant_for_runners_that_are_measured(params string[] arguments)
    {
        using TinyModel tiny = new();
        using TempFolder recorded = new(), tuned = new();
        string model = tiny.Save();
        (string program, string[] before) = new WorkerHost(typeof(CleaveCommand).Assembly).Command;
        ProcessStartInfo start = new(program, [.. before, .. Array.ConvertAll(arguments, a => a == "MODEL" ? model : a)]) { RedirectStandardError = true, RedirectStandardOutput = true };
        (start.Environment["CLEAVE_RECORD"], start.Environment["CLEAVE_TUNE"]) = (recorded.Path, tuned.Path);
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
        Assert.Empty(Directory.GetFileSystemEntries(recorded.Path));
        Assert.Empty(Directory.GetFileSystemEntries(tuned.Path));
    }
}
