using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Benchmarks.Harness;

/// <summary>One of the things compared: its name in the results, and the workload that runs it.</summary>
internal sealed record Candidate(string Name, string Workload, params string[] Arguments);

/// <summary>
/// Compares candidates on a machine that is not quiet: each in a process of its own, one block of each in turn, round
/// after round, so that what disturbs one disturbs all of them alike.
/// </summary>
internal static class Interleaved
{
    public static Samples Measure(IReadOnlyList<Candidate> candidates, int rounds, int block, TimeSpan warmUp)
    {
        List<WorkerProcess> workers = [];
        try
        {
            foreach (Candidate candidate in candidates)
            {
                workers.Add(new WorkerProcess(candidate.Workload, candidate.Arguments));
                workers[^1].Warm(warmUp);
            }
            Block[][] blocks = [.. candidates.Select(_ => new Block[rounds])];
            for (int round = 0; round < rounds; round++)
            {
                for (int turn = 0; turn < workers.Count; turn++)
                {
                    // Another one begins each round: nobody is always the first after the last.
                    int i = (turn + round) % workers.Count;
                    blocks[i][round] = workers[i].Block(block);
                }
            }
            return new Samples(candidates.Select((c, i) => (c.Name, blocks[i])).ToDictionary(p => p.Name, p => p.Item2, StringComparer.Ordinal));
        }
        finally
        {
            foreach (WorkerProcess worker in workers)
                worker.Dispose();
        }
    }
}
