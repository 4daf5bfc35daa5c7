using System;
using System.Threading.Tasks;
using Cleave.Core.Diagnostics;
using Cleave.Engines;
using Cleave.Runtime.Tests.Batching;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using Xunit;

namespace Cleave.Runtime.Tests.Reloading;

/// <summary>Weights that do not take the place of a runner's: it goes on with its own.</summary>
public sealed class ReloadRefusalTests : BatchingTestBase
{
    [Fact]
    public async Task Another_graph_is_refused_and_the_weights_stay()
    {
        await using LooseRunner runner = LooseRunner.Of(Models.Times(2));
        RunnerEngine engine = runner.Engine;
        CleaveException e = await Assert.ThrowsAsync<CleaveException>(() => runner.ReloadAsync(ModelSource.Bytes(Models.Toy().ToByteArray())));
        Assert.Equal(Rules.GraphDiffers.Id, e.Id);
        e = await Assert.ThrowsAsync<CleaveException>(() => runner.ReloadAsync(ModelSource.Bytes(Models.Times(2, length: 5).ToByteArray())));
        Assert.Equal(Rules.GraphDiffers.Id, e.Id);
        Assert.Same(engine, runner.Engine);
        Assert.Equal((2, 0), (Models.FactorOf(runner), engine.Gate.Inside));
    }

    [Fact]
    public async Task A_file_that_is_missing_or_damaged_changes_nothing()
    {
        using TempFolder folder = new();
        await using LooseRunner runner = LooseRunner.Of(Models.Times(2));
        CleaveException e = await Assert.ThrowsAsync<CleaveException>(() => runner.ReloadAsync(ModelSource.File(folder["none.onnx"])));
        Assert.Equal(Rules.ModelNotFound.Id, e.Id);
        byte[] whole = Models.Times(3).ToByteArray();
        await Assert.ThrowsAsync<CleaveException>(() => runner.ReloadAsync(ModelSource.File(folder.Write("half.onnx", whole[..(whole.Length / 2)]))));
        await Assert.ThrowsAsync<ArgumentNullException>(() => runner.ReloadAsync(null!));
        Assert.Equal(2, Models.FactorOf(runner));
        await runner.ReloadAsync(ModelSource.Bytes(whole));
        Assert.Equal(3, Models.FactorOf(runner));
    }

    [Fact]
    public async Task A_session_that_cannot_be_made_changes_nothing()
    {
        bool fails = false;
        await using LooseRunner runner = LooseRunner.Of(Models.Times(2), new()
        {
            ConfigureSession = (_, _) =>
            {
                if (fails)
                    throw new InvalidOperationException("not now");
            },
        });
        fails = true;
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(() => runner.ReloadAsync(Times(3)));
        Assert.Equal(("not now", 2f), (e.Message, Models.FactorOf(runner)));
        fails = false;
        await runner.ReloadAsync(Times(3));
        Assert.Equal(3, Models.FactorOf(runner));
    }

    [Fact]
    public async Task Where_the_runner_cannot_be_opened_anew_the_old_one_goes_on()
    {
        bool fails = false;
        ListLogger logger = new();
        await using LooseRunner runner = LooseRunner.Of(Models.Times(2), new()
        {
            Logger = logger,
            ConfigureSession = (_, _) =>
            {
                if (fails)
                    throw new InvalidOperationException("not now");
            },
        });
        RunnerEngine engine = runner.Engine;
        fails = true;
        _ = engine.Home.ReopenInBackground(logger);
        await Until(() => logger.Warnings.Length > 0);
        Assert.Contains("not now", Assert.Single(logger.Warnings));
        Assert.Same(engine, runner.Engine);
        Assert.Equal((2, 0), (Models.FactorOf(runner), engine.Gate.Inside));
        fails = false;
        _ = engine.Home.ReopenInBackground(logger);
        await Until(() => runner.Engine != engine);
        Assert.Equal(2, Models.FactorOf(runner));
        Assert.Single(logger.Warnings);
    }

    private static ModelSource Times(float factor) => ModelSource.Bytes(Models.Times(factor).ToByteArray());
}
