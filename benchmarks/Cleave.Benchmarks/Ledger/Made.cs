using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Benchmarks.Clusters;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using ModelInputs = Cleave.Tool.Benching.ModelInputs;

namespace Cleave.Benchmarks.Ledger;

/// <summary>A runner as the generator would make it, with calls whose inputs are set. Nothing is configured unless the options say so.</summary>
internal sealed class Made(LooseRunner runner, ModelInputs inputs) : IDisposable
{
    public static string[] Arguments(string model)
    {
        CatalogModel entry = ModelCatalog.Get(model);
        return [entry.Write(ModelCatalog.Folder), .. Contest.Inputs(entry).InputArguments];
    }

    /// <summary>What makes it. Planning is done by the compiler: what it leaves in memory is not the runner's.</summary>
    public static Func<Made> Planned(string[] arguments, RunnerOptions? options = null)
    {
        (IReadOnlyDictionary<string, string> dims, IReadOnlyDictionary<string, string> fills) = BenchOptions.ReadInputs(arguments[1..]);
        OnnxModel model = ModelReader.ReadFile(arguments[0]);
        ModelInputs inputs = ModelInputs.For(model, dims, fills);
        string sizes = string.Join(",", dims.Where(d => !d.Key.Contains('[')).Select(d => d.Key + "=" + d.Value));
        Cleave.Generator.Model.RunnerSpec spec = LooseDefinition.SpecOf(arguments[0], model, new ListingOptions { Dims = sizes });
        return () => new Made(new LooseRunner(arguments[0], spec, options ?? new RunnerOptions()), inputs);
    }

    public Action NewCall()
    {
        LooseCall call = runner.CreateCall(inputs);
        return () => call.Run();
    }

    /// <summary>Runs so many requests on so many threads at once, each with a call of its own.</summary>
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
