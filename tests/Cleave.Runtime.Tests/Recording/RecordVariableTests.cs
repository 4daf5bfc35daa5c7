using System;
using System.IO;
using Cleave.Recording;
using Cleave.Runtime.Tests.Ensembles;
using Cleave.Runtime.Tests.Support;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Runtime.Tests.Recording;

/// <summary>The environment of the process is that of all tests: these run alone.</summary>
[CollectionDefinition(nameof(RecordVariableTests), DisableParallelization = true)]
public sealed class RecordVariableTestsCollection;

/// <summary>CLEAVE_RECORD records without a change of the application; what the application says goes before it.</summary>
[Collection(nameof(RecordVariableTests))]
public sealed class RecordVariableTests : IDisposable
{
    private const int Width = 8;

    private readonly TempFolder _folder = new();
    private readonly string? _before = Environment.GetEnvironmentVariable(InputRecorder.Variable);

    private string Named => Path.Combine(_folder.Path, "named");

    // Of the model that Definitions describes.
    private static TestDataFolder RecordedIn(string folder) => new(Path.Combine(folder, "models", "test.onnx.recorded"));

    public RecordVariableTests() => Environment.SetEnvironmentVariable(InputRecorder.Variable, Named);

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(InputRecorder.Variable, _before);
        _folder.Dispose();
    }

    [Fact]
    public void The_folder_that_the_environment_names_gets_requests_and_a_warning_says_so()
    {
        ListLogger logger = new();
        Run(new RunnerOptions { Cores = 1, Logger = logger });

        Assert.True(File.Exists(RecordedIn(Named).Input()));
        Assert.Contains("may be data of your users", Assert.Single(logger.Warnings));
    }

    [Fact]
    public void What_the_application_says_goes_before_it()
    {
        string own = Path.Combine(_folder.Path, "own");
        Run(new RunnerOptions { Cores = 1, Record = new RecordingOptions(own) });

        Assert.True(Directory.Exists(RecordedIn(own).Set()));
        Assert.False(Directory.Exists(Named));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_ensemble_says_once_that_it_is_not_recorded(bool asked)
    {
        if (asked)
            Environment.SetEnvironmentVariable(InputRecorder.Variable, null);
        ListLogger logger = new();
        EnsembleOptions options = new()
        {
            Logger = logger,
            ConfigureMember = (_, member) => member.Record = asked ? new RecordingOptions(Named) : null,
        };
        using (LooseEnsemble ensemble = LooseEnsemble.Of([Models.Toy(Width, 1), Models.Toy(Width, 2), Models.Toy(Width, 3)], options: options))
            ensemble.Run((ref b) => b.Copy<float>(0, new float[Width])).Dispose();

        string warning = Assert.Single(logger.Warnings);
        Assert.Contains("does not record inputs of Vision", warning, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Named));
    }

    [Fact]
    public void An_ensemble_says_nothing_of_recording_where_nobody_asked()
    {
        Environment.SetEnvironmentVariable(InputRecorder.Variable, null);
        ListLogger logger = new();
        LooseEnsemble.Of([Models.Toy(Width)], options: new() { Logger = logger }).Dispose();
        Assert.Empty(logger.Warnings);
    }

    private static void Run(RunnerOptions options)
    {
        using LooseRunner runner = LooseRunner.Of(Models.Toy(Width), options);
        runner.Run((ref b) => b.Copy<float>(0, new float[Width])).Dispose();
    }
}
