using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Batches;

/// <summary>Clients of one runner that each ask again as soon as they have their answer; what is timed is how long each waited for each answer.</summary>
/// <param name="runner">Disposed in the end.</param>
/// <param name="inputs">What each asks.</param>
/// <param name="clients">How many.</param>
internal sealed class AsyncClients(LooseRunner runner, RequestInputs inputs, int clients) : IWorkload
{
    private readonly LooseRequest _request = runner.NewRequest(inputs);
    private int _next;

    public void Block(double[] nanoseconds)
    {
        _next = 0;
        Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(() => Ask(nanoseconds)))).GetAwaiter().GetResult();
    }

    public void Dispose() => runner.Dispose();

    private async Task Ask(double[] nanoseconds)
    {
        for (int i = Interlocked.Increment(ref _next) - 1; i < nanoseconds.Length; i = Interlocked.Increment(ref _next) - 1)
        {
            long start = Stopwatch.GetTimestamp();
            (await runner.RunAsync(_request).ConfigureAwait(false)).Dispose();
            nanoseconds[i] = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        }
    }
}
