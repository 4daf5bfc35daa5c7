using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Generator.Model;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;

namespace Cleave.Tool.Benching;

/// <summary>What workers of <c>cleave bench</c> run, named and described by the arguments that they are started with.</summary>
internal static class BenchWorkloads
{
    private const string Session = "session";
    private const string Runner = "runner";
    private const string Item = "item";

    public static Candidate OfSession(string name, string path, BenchOptions options, OrtConfiguration configuration) =>
        new(name, Session, [.. configuration.ToArguments(), path, .. options.InputArguments]) { Callers = configuration.Callers };

    public static Candidate OfRunner(string name, string path, BenchOptions options, int cores, int callers) =>
        new(name, Runner, [Text(cores), Text(callers), path, .. options.InputArguments]) { Callers = callers, IsJudged = true };

    /// <summary>The runner as the item of a project has it.</summary>
    /// <param name="name">The candidate's.</param>
    /// <param name="path">The model's file.</param>
    /// <param name="listing">A listing with the item metadata.</param>
    /// <param name="options">The inputs.</param>
    public static Candidate OfItem(string name, string path, string listing, BenchOptions options) =>
        new(name, Item, [listing, path, .. options.InputArguments]) { IsJudged = true };

    /// <summary>In a worker process.</summary>
    public static IWorkload Create(string name, string[] arguments)
    {
        switch (name)
        {
            case Session:
                OrtConfiguration configuration = OrtConfiguration.Parse(arguments);
                SessionCalls session = new(arguments[4], configuration, Read(arguments[4], arguments[5..]).Inputs);
                return new Callers(session.Calls, session);
            case Runner:
                return CreateRunner(int.Parse(arguments[0], CultureInfo.InvariantCulture), int.Parse(arguments[1], CultureInfo.InvariantCulture), arguments[2..]);
            case Item:
                return CreateItem(arguments);
            default:
                throw new ArgumentException("No workload is named " + name, nameof(name));
        }
    }

    /// <summary>What makes a runner for a model, and its inputs. Planning is done by the compiler: it is over when this returns.</summary>
    /// <param name="arguments">The model's file, and the inputs as arguments.</param>
    /// <param name="options">How to run it.</param>
    public static (Func<LooseRunner> Create, RequestInputs Inputs) Planned(string[] arguments, RunnerOptions options)
    {
        (OnnxModel model, RequestInputs inputs) = Read(arguments[0], arguments[1..]);
        // Planned for what is measured, as with the item metadata Dims.
        RunnerSpec spec = LooseDefinition.SpecOf(arguments[0], model, new ListingOptions { Dims = Dims(model, inputs) });
        return (() => new LooseRunner(arguments[0], spec, options), inputs);
    }

    /// <summary>What makes a runner as the item of a project has it, and its inputs.</summary>
    /// <param name="arguments">A listing with the item metadata, the model's file, and the inputs as arguments.</param>
    /// <param name="options">How to run it.</param>
    public static (Func<LooseRunner> Create, RequestInputs Inputs) PlannedItem(string[] arguments, RunnerOptions options)
    {
        (OnnxModel model, RequestInputs inputs) = Read(arguments[1], arguments[2..]);
        RunnerSpec spec = LooseDefinition.SpecOf(arguments[1], model, ListingReader.Read(File.ReadAllText(arguments[0])).Options);
        return (() => new LooseRunner(arguments[1], spec, options), inputs);
    }

    /// <summary>The item metadata <c>Dims</c> that says what is measured.</summary>
    /// <param name="arguments">The model's file, and the inputs as arguments.</param>
    public static string Dims(string[] arguments)
    {
        (OnnxModel model, RequestInputs inputs) = Read(arguments[0], arguments[1..]);
        return Dims(model, inputs);
    }

    private static Callers CreateItem(string[] arguments)
    {
        (Func<LooseRunner> create, RequestInputs inputs) = PlannedItem(arguments, new RunnerOptions());
        LooseRunner runner = create();
        LooseCall call = runner.CreateCall(inputs);
        return new Callers([() => call.Run()], runner);
    }

    private static Callers CreateRunner(int cores, int callers, string[] arguments)
    {
        (Func<LooseRunner> create, RequestInputs inputs) = Planned(arguments, new RunnerOptions { Cores = cores });
        LooseRunner runner = create();
        return new Callers([.. Enumerable.Range(0, callers).Select(_ => NewCall())], runner);

        Action NewCall()
        {
            LooseCall call = runner.CreateCall(inputs);
            return () => call.Run();
        }
    }

    // Those that have names; no other can be given.
    private static string Dims(OnnxModel model, RequestInputs inputs)
    {
        HashSet<string> named = [.. model.Graph.Inputs.SelectMany(i => (i.Type as OnnxType.Tensor)?.Shape ?? []).Select(d => d.Name ?? "").Where(n => n.Length > 0 && !n.Contains(','))];
        return string.Join(",", inputs.Dimensions.Where(d => named.Contains(d.Name)).Select(d => string.Create(CultureInfo.InvariantCulture, $"{d.Name}={d.Size}")));
    }

    private static (OnnxModel Model, RequestInputs Inputs) Read(string path, string[] inputArguments)
    {
        OnnxModel model = ModelReader.ReadFile(path);
        (IReadOnlyDictionary<string, string> dims, IReadOnlyDictionary<string, string> fills) = BenchOptions.ReadInputs(inputArguments);
        return (model, RequestInputs.For(model, dims, fills));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
