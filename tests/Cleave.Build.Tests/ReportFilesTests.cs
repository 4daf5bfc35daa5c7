using System;
using System.IO;
using Microsoft.Build.Framework;
using Xunit;

namespace Cleave.Build.Tests;

/// <summary>Errors of the targets at files of the project.</summary>
public sealed class ReportFilesTests : IDisposable
{
    private readonly TaskRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public void A_model_that_comes_too_late_is_an_error_at_its_file()
    {
        ReportFiles task = new() { BuildEngine = _run, Rule = "CLV3003", Files = [TaskRun.Item("nets\\late.onnx")], ProjectFile = _run.ProjectFile };
        Assert.False(task.Execute());
        BuildErrorEventArgs error = Assert.Single(_run.Errors);
        Assert.Equal(("CLV3003", Path.Combine(_run.Project, "nets", "late.onnx")), (error.Code, error.File));
        Assert.EndsWith("CLV3003.md", error.HelpLink);
        Assert.Contains("'nets/late.onnx'", error.Message);
    }
}
