using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Prepared;
using Cleave.Runtime.Tests.Support;
using Cleave.Sessions;
using Xunit;

namespace Cleave.Runtime.Tests.Prepared;

/// <summary>Sessions from prepared files are checked while the application starts; nobody gets a result before.</summary>
public sealed class CheckTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public void Whoever_runs_first_waits_for_the_check()
    {
        using ManualResetEventSlim checking = new(), asking = new(), go = new();
        using LooseRunner runner = LooseRunner.Of(Models.Toy(PreparedModel.Width), new RunnerOptions { Cores = 1 });
        using SegmentSession plain = runner.Engine.Sessions.Factory.Create(runner.Engine.Plan.Outline.Plan.Segments[0], 1);
        using PreparedCheck check = new("toy", _ =>
        {
            checking.Set();
            Assert.True(go.Wait(Limit));
            return plain;
        });
        Assert.True(checking.Wait(Limit));
        SegmentSession? got = null;
        Thread first = new(() =>
        {
            asking.Set();
            got = check.Replacement;
        })
        { IsBackground = true };
        first.Start();
        Assert.True(asking.Wait(Limit));
        Assert.False(first.Join(100));
        go.Set();
        Assert.True(first.Join(Limit));
        Assert.Same(plain, got);
    }

    [Fact]
    public void Disposing_ends_a_check_that_runs()
    {
        using ManualResetEventSlim checking = new();
        bool ended = false;
        PreparedCheck check = new("toy", token =>
        {
            checking.Set();
            ended = token.WaitHandle.WaitOne(Limit);
            return null;
        });
        Assert.True(checking.Wait(Limit));
        check.Dispose();
        Assert.True(ended);
    }

    [Fact]
    public void A_check_that_fails_fails_every_run_with_its_reason()
    {
        using PreparedCheck check = new("toy", static _ => throw new InvalidOperationException("no plain session"));
        for (int i = 0; i < 2; i++)
            Assert.Equal("no plain session", Assert.Throws<InvalidOperationException>(() => check.Replacement).Message);
    }

    [Fact]
    public void A_runner_that_is_disposed_before_its_check_ended_marks_nothing()
    {
        using PreparedModel model = new();
        model.Prepare();
        for (int i = 0; i < 50; i++)
            model.Open().Dispose();
        Assert.Empty(model.Logger.Warnings);
        using LooseRunner runner = model.Open();
        Assert.True(PreparedModel.IsPrepared(runner));
    }

    [Fact]
    public async Task Many_callers_of_a_runner_whose_check_fails_all_get_the_plain_results()
    {
        using PreparedModel model = new();
        float[] plain = model.Plainly();
        for (int i = 0; i < 20; i++)
        {
            model.Prepare();
            model.ChangeWeightsSecretly();
            using LooseRunner runner = model.Open();
            float[][] results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => PreparedModel.Run(runner)))).WaitAsync(Limit);
            Assert.All(results, r => Assert.Equal(plain, r));
            Assert.False(PreparedModel.IsPrepared(runner));
        }
    }
}
