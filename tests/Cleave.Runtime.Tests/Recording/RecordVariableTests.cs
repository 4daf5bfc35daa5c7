using System;
using System.IO;
using Cleave.Recording;
using Cleave.Runtime.Tests.Support;
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

        Assert.True(File.Exists(Path.Combine(Named, "test", "test_data_set_0", "input_0.pb")));
        Assert.Contains("may be data of your users", Assert.Single(logger.Warnings));
    }

    [Fact]
    public void What_the_application_says_goes_before_it()
    {
        string own = Path.Combine(_folder.Path, "own");
        Run(new RunnerOptions { Cores = 1, Record = new RecordingOptions(own) });

        Assert.True(Directory.Exists(Path.Combine(own, "test", "test_data_set_0")));
        Assert.False(Directory.Exists(Named));
    }

    private static void Run(RunnerOptions options)
    {
        using LooseRunner runner = LooseRunner.Of(Models.Toy(Width), options);
        runner.Run((ref b) => b.Copy<float>(0, new float[Width])).Dispose();
    }
}
