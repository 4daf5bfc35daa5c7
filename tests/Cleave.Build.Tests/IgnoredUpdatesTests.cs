using System;
using System.IO;
using Cleave.TestKit;
using Microsoft.Build.Framework;
using Xunit;

namespace Cleave.Build.Tests;

/// <summary>Updates of items in the project file that have no effect.</summary>
public sealed class IgnoredUpdatesTests : IDisposable
{
    private readonly TaskRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public void Update_of_items_that_do_not_exist_yet_is_reported_with_its_line()
    {
        File.WriteAllText(_run.ProjectFile, """
            <Project>
              <!-- <OnnxModel Update="in a comment" /> -->
              <ItemGroup>
                <OnnxModel Update="m.onnx" ClassName="X" />
              </ItemGroup>
              <Target Name="T"><ItemGroup><OnnxModel Update="m.onnx" /></ItemGroup></Target>
            </Project>
            """);
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run("m.onnx");
        BuildWarningEventArgs warning = Assert.Single(_run.Warnings);
        Assert.Equal(("CLV3001", 4), (warning.Code, warning.LineNumber));
    }

    [Fact]
    public void Update_of_items_that_the_project_includes_itself_is_fine()
    {
        File.WriteAllText(_run.ProjectFile,
            "<Project><ItemGroup><OnnxModel Include='m.onnx' /><OnnxModel Update='m.onnx' ClassName='X' /></ItemGroup></Project>");
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run("m.onnx");
        Assert.Empty(_run.Warnings);
    }

    [Fact]
    public void Update_of_items_that_an_imported_file_includes_is_fine()
    {
        File.WriteAllText(_run.ProjectFile, "<Project><ItemGroup><OnnxModel Update='m.onnx' ClassName='X' /></ItemGroup></Project>");
        _run.Add("m.onnx", new TinyModel().ToBytes());
        ListModels task = _run.Task(TaskRun.Item("m.onnx"));
        task.ListsItself = true;
        Assert.True(task.Execute());
        Assert.Empty(_run.Warnings);
    }

    [Fact]
    public void A_project_without_a_file_and_one_with_a_document_type_are_fine()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        File.WriteAllText(_run.ProjectFile, "<!DOCTYPE Project><Project />");
        _run.Run("m.onnx");
        Assert.True(_run.Succeeded);
        File.Delete(_run.ProjectFile);
        _run.Run("m.onnx");
        Assert.True(_run.Succeeded);
    }
}
