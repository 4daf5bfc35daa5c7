using System;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>What an application does with the options of a session, and what of that fails.</summary>
public sealed class ConfigureSessionTests
{
    [Fact]
    public void ConfigureSession_wins_and_is_logged()
    {
        SegmentInfo? info = null;
        ListLogger logger = new();
        using LooseRunner runner = LooseRunner.Of(Models.Times(2), new()
        {
            Logger = logger,
            ConfigureSession = (options, segment) =>
            {
                info = segment;
                options.IntraOpNumThreads = 2;
            },
        });
        Assert.Equal(("test", "Whole", 1), (info!.Model, info.Segment, info.Threads));
        Assert.Equal(2, runner.Engine.Plan.Sessions[0].Threads);
        Assert.Contains(logger.Lines, l => l.Contains("ConfigureSession set 2 threads"));
        Assert.False(runner.Engine.Plan.Sessions[0].CopiesInputsWhenBound);
        Assert.Equal(2f, Models.FactorOf(runner));
    }

    [Fact]
    public void ConfigureSession_may_create_another_runner()
    {
        float inner = 0;
        using LooseRunner runner = LooseRunner.Of(Models.Times(2), new()
        {
            ConfigureSession = (_, _) =>
            {
                using LooseRunner other = LooseRunner.Of(Models.Times(5));
                inner = Models.FactorOf(other);
            },
        });
        Assert.Equal((5f, 2f), (inner, Models.FactorOf(runner)));
    }

    [Fact]
    public void A_ConfigureSession_that_throws_leaves_nothing_behind()
    {
        RunnerOptions options = new() { ConfigureSession = (_, _) => throw new TimeoutException("mine") };
        Assert.Throws<TimeoutException>(() => LooseRunner.Of(Models.Times(2), options));
        using LooseRunner runner = LooseRunner.Of(Models.Times(2));
        Assert.Equal(2f, Models.FactorOf(runner));
    }

    [Fact]
    public void A_provider_that_the_package_lacks_is_named()
    {
        RunnerOptions options = new() { ConfigureSession = (session, _) => session.AppendExecutionProvider_CUDA(0) };
        CleaveException e = Assert.Throws<CleaveException>(() => LooseRunner.Of(Models.Times(2), options));
        Assert.Equal("CLV4007", e.Id);
        Assert.Contains("the execution provider CUDA, which the application's ONNX Runtime package does not have", e.Message);
        Assert.IsType<EntryPointNotFoundException>(e.InnerException);
    }

    [Fact]
    public void What_ConfigureSession_throws_is_not_about_ONNX_Runtimes_library()
    {
        EntryPointNotFoundException own = new("Unable to find an entry point named 'mine' in shared library 'libmy_operators.so'.");
        Assert.Same(own, Assert.Throws<EntryPointNotFoundException>(() => LooseRunner.Of(Models.Times(2), new() { ConfigureSession = (_, _) => throw own })));
        Assert.Throws<DllNotFoundException>(() => LooseRunner.Of(Models.Times(2), new() { ConfigureSession = static (_, _) => throw new DllNotFoundException("libmine") }));
        CleaveException e = Assert.Throws<CleaveException>(() => LooseRunner.Of(Models.Times(2), new() { ConfigureSession = static (s, _) => s.RegisterCustomOpLibrary("/no/such/library.so") }));
        Assert.Equal("CLV4007", e.Id);
    }
}
