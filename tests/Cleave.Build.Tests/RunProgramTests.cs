using System;
using System.Linq;
using Xunit;

namespace Cleave.Build.Tests;

public sealed class RunProgramTests : IDisposable
{
    private readonly TaskRun _run = new();

    public void Dispose() => _run.Dispose();

    [SkippableFact]
    public void An_argument_arrives_as_it_is()
    {
        Skip.If(OperatingSystem.IsWindows(), "It runs a program of Unix.");
        string[] arguments = ["$HOME", "`id`", "a\"b", "\"", "\"\"", "", "c  d ", "'x'", "%PATH%", ";&|<>*?", "ü", "--x"];
        RunProgram task = Task("sh", ["-c", "for given; do echo \"$given.\"; done", "-", .. arguments]);
        Assert.True(task.Execute());
        Assert.Equal(arguments.Select(static a => a + "."), task.Lines);
        Assert.Equal(0, task.ExitCode);
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_the_program_says_and_ends_with_fails_nothing_unless_errors_are_read(bool reads)
    {
        Skip.If(OperatingSystem.IsWindows(), "It runs a program of Unix.");
        RunProgram task = Task("sh", "-c", "echo '/a.onnx : error CLV3008: no {0}'; exit 3");
        task.ReadsErrors = reads;
        Assert.True(task.Execute());
        Assert.Equal(3, task.ExitCode);
        Assert.Equal(["/a.onnx : error CLV3008: no {0}"], task.Lines);
        Assert.Equal(reads ? ["CLV3008"] : [], _run.Errors.Select(static e => e.Code));
    }

    private RunProgram Task(string program, params string[] arguments) =>
        new() { BuildEngine = _run, Program = program, Arguments = arguments, ProjectFile = _run.ProjectFile };
}
