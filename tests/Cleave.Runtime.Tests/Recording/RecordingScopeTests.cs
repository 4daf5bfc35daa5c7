using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Recording;

/// <summary>Requests that the application keeps out.</summary>
public sealed class RecordingScopeTests : RecordingTestBase
{
    [Fact]
    public async Task Requests_can_be_kept_out()
    {
        await using (LooseRunner runner = Open(new RecordingOptions(Recorded)))
        {
            using (InputRecording.Off())
            {
                Run(runner, 1);
                await Task.Yield();
                (await runner.RunAsync(Input(2))).Dispose();
                using (InputRecording.Off())
                    Run(runner, 3);
                Run(runner, 4);
            }
            Run(runner, 5);
        }
        Assert.Equal([5], Sets.Select(static s => (int)Read(s).Values[0]));
    }

    [Fact]
    public async Task A_scope_that_ends_where_it_did_not_begin_lets_no_later_request_in()
    {
        await using (LooseRunner runner = Open(new RecordingOptions(Recorded)))
        {
            using (await BegunElsewhere())
                Run(runner, 1);
            using (InputRecording.Off())
                Run(runner, 2);
            Run(runner, 3);
        }
        // What an asynchronous method begins does not hold for its caller.
        Assert.Equal([1, 3], Sets.Select(static s => (int)Read(s).Values[0]));

        static async Task<IDisposable> BegunElsewhere()
        {
            await Task.Yield();
            return InputRecording.Off();
        }
    }

    [Fact]
    public async Task Scopes_may_end_in_another_order_than_they_began()
    {
        await using (LooseRunner runner = Open(new RecordingOptions(Recorded)))
        {
            IDisposable first = InputRecording.Off(), second = InputRecording.Off();
            first.Dispose();
            Run(runner, 1);
            second.Dispose();
            Run(runner, 2);
        }
        Assert.Equal([2], Sets.Select(static s => (int)Read(s).Values[0]));
    }

    [Fact]
    public async Task A_task_that_was_started_in_a_scope_stays_out_when_it_ends_one_of_its_own()
    {
        await using (LooseRunner runner = Open(new RecordingOptions(Recorded)))
        {
            using SemaphoreSlim ended = new(0);
            Task started;
            using (InputRecording.Off())
            {
                started = Task.Run(async () =>
                {
                    await ended.WaitAsync();
                    IDisposable own = InputRecording.Off();
                    own.Dispose();
                    own.Dispose();
                    Run(runner, 1);
                });
            }
            ended.Release();
            await started;
            Run(runner, 2);
        }
        Assert.Equal([2], Sets.Select(static s => (int)Read(s).Values[0]));
    }
}
