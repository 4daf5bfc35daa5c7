using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Listing;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Cleave.Build.Tests;

/// <summary>A project folder in which the task runs.</summary>
public sealed class TaskRun : IBuildEngine, IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("cleave-build-");

    public TaskRun()
    {
        Directory.CreateDirectory(Project);
        File.WriteAllText(ProjectFile, "<Project />");
    }

    public string Project => Path.Combine(_root.FullName, "app");

    public string ListingFolder => Path.Combine(Project, "obj", "cleave");

    public string AssemblyName { get; init; } = "App";

    public string RootNamespace { get; init; } = "My.App";

    public List<BuildErrorEventArgs> Errors { get; } = [];

    public List<BuildWarningEventArgs> Warnings { get; } = [];

    /// <summary>What the last run said a user should see.</summary>
    public List<string> Messages { get; } = [];

    public string ProjectFile => Path.Combine(Project, "App.csproj");

    /// <summary>The listing of a model by its key.</summary>
    public string Listing(string key) => Path.Combine(ListingFolder, key + ".graph");

    /// <summary>The stamp of a model by its key.</summary>
    public string Stamp(string key) => Path.Combine(ListingFolder, key + ".stamp");

    /// <summary>The listing of a model, read.</summary>
    internal ModelListing Read(string key) => ListingReader.Read(File.ReadAllText(Listing(key)));

    public string Add(string path, byte[] content)
    {
        string file = Path.GetFullPath(Path.Combine(Project, path));
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
        return file;
    }

    public static ITaskItem Item(string path, params (string Name, string Value)[] metadata)
    {
        TaskItem item = new(path);
        foreach ((string name, string value) in metadata)
            ((ITaskItem2)item).SetMetadataValueLiteral(name, value);
        return item;
    }

    /// <summary>An item with metadata as a project file spells it: with MSBuild's escapes.</summary>
    public static ITaskItem Spelled(string path, params (string Name, string Value)[] metadata)
    {
        TaskItem item = new(path);
        foreach ((string name, string value) in metadata)
            item.SetMetadata(name, value);
        return item;
    }

    public ListModels Run(params string[] models) => Run(models.Select(m => Item(m)).ToArray());

    public ListModels Run(params ITaskItem[] models)
    {
        Messages.Clear();
        Errors.Clear();
        Warnings.Clear();
        ListModels task = Task(models);
        Succeeded = task.Execute();
        return task;
    }

    public bool Succeeded { get; private set; }

    public ListModels Task(params ITaskItem[] models) => new()
    {
        BuildEngine = this,
        Models = models,
        ProjectFile = ProjectFile,
        ListingFolder = ListingFolder,
        AssemblyName = AssemblyName,
        RootNamespace = RootNamespace,
    };

    public void Dispose() => _root.Delete(recursive: true);

    bool IBuildEngine.ContinueOnError => false;

    int IBuildEngine.LineNumberOfTaskNode => 0;

    int IBuildEngine.ColumnNumberOfTaskNode => 0;

    string IBuildEngine.ProjectFileOfTaskNode => ProjectFile;

    bool IBuildEngine.BuildProjectFile(string file, string[] targets, IDictionary properties, IDictionary outputs) => false;

    void IBuildEngine.LogCustomEvent(CustomBuildEventArgs e) => throw new NotSupportedException();

    void IBuildEngine.LogErrorEvent(BuildErrorEventArgs e) => Errors.Add(e);

    void IBuildEngine.LogWarningEvent(BuildWarningEventArgs e) => Warnings.Add(e);

    void IBuildEngine.LogMessageEvent(BuildMessageEventArgs e)
    {
        if (e.Importance == MessageImportance.High)
            Messages.Add(e.Message ?? "");
    }
}
