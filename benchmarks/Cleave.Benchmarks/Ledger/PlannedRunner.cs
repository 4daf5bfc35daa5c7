using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Benchmarks.Clusters;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using Cleave.Tool.Loose;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Ledger;

/// <summary>A runner as the generator would make it, with calls whose inputs are set. Nothing is configured unless the options say so.</summary>
internal sealed class PlannedRunner(LooseRunner runner, RequestInputs inputs) : IDisposable
{
    public static string[] Arguments(string model)
    {
        CatalogModel entry = ModelCatalog.Get(model);
        return [entry.Write(ModelCatalog.Folder), .. Contest.Inputs(entry).InputArguments];
    }

    /// <summary>What makes it: planning is over when this returns.</summary>
    public static Func<PlannedRunner> Of(string[] arguments, RunnerOptions? options = null)
    {
        (Func<LooseRunner> create, RequestInputs inputs) = BenchWorkloads.Planned(arguments, options ?? new RunnerOptions());
        return () => new PlannedRunner(create(), inputs);
    }

    public Action NewCall()
    {
        LooseCall call = runner.CreateCall(inputs);
        return () => call.Run();
    }

    /// <summary>Runs so many requests on each of so many threads, which have a call of their own each.</summary>
    public void Run(int threads, int requests) => RunTogether([.. Enumerable.Range(0, threads).Select(_ => NewCall())], requests);

    /// <summary>Each of the actions so many times, at once.</summary>
    public static void RunTogether(IReadOnlyList<Action> actions, int times)
    {
        Thread[] threads = [.. actions.Select(action => new Thread(() =>
        {
            for (int i = 0; i < times; i++)
                action();
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
    }

    public void Dispose() => runner.Dispose();
}
