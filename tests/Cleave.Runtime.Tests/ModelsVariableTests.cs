using System;
using System.IO;
using Cleave.Runtime.Tests.Support;
using Cleave.Sources;
using Google.Protobuf;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>The environment of the process is that of all tests: these run alone.</summary>
[CollectionDefinition(nameof(ModelsVariableTests), DisableParallelization = true)]
public sealed class ModelsVariableTestsCollection;

/// <summary>A model is looked for in the folder that CLEAVE_MODELS names, then beside the application.</summary>
[Collection(nameof(ModelsVariableTests))]
public sealed class ModelsVariableTests : IDisposable
{
    private const string File = "models/ModelsVariableTests.onnx";

    private readonly TempFolder _folder = new();
    private readonly string _beside = Path.Combine(AppContext.BaseDirectory, File);
    private readonly string? _before = Environment.GetEnvironmentVariable(ModelLocation.FolderVariable);

    public ModelsVariableTests() => Environment.SetEnvironmentVariable(ModelLocation.FolderVariable, _folder.Path);

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(ModelLocation.FolderVariable, _before);
        System.IO.File.Delete(_beside);
        _folder.Dispose();
    }

    [Fact]
    public void The_folder_goes_before_the_applications()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_beside)!);
        System.IO.File.WriteAllBytes(_beside, Models.Times(2).ToByteArray());
        Assert.Equal(2f, Ask());
        _folder.Write(File, Models.Times(3).ToByteArray());
        Assert.Equal(3f, Ask());
        Environment.SetEnvironmentVariable(ModelLocation.FolderVariable, " ");
        Assert.Equal(2f, Ask());
    }

    [Fact]
    public void Where_it_is_in_neither_both_are_named()
    {
        CleaveException e = Assert.Throws<CleaveException>(() => { _ = Ask(); });
        Assert.Equal("CLV4001", e.Id);
        Assert.Contains($"was not found at '{Path.Combine(_folder.Path, File)}' or '{_beside}'. ", e.Message);
    }

    private static float Ask()
    {
        using LooseRunner runner = new(Definitions.Of(Models.Times(2).ToByteArray(), path: File));
        return Models.FactorOf(runner);
    }
}
