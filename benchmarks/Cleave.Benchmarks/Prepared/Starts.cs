using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using Cleave.Core.Onnx;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using Cleave.Tool.Loose;
using Cleave.Tool.Running;
using BenchOptions = Cleave.Tool.Benching.BenchOptions;

namespace Cleave.Benchmarks.Prepared;

/// <summary>
/// What opens a model, by hand and as a runner. A small model is opened and run in the same way before, where that is asked for: then neither the loading of ONNX Runtime nor the compilation of
/// code counts.
/// </summary>
internal static class Starts
{
    /// <summary>The small model.</summary>
    public const string WarmedWith = "mlp_8x512";

    private static string WarmPath => Path.Combine(ModelCatalog.Folder, WarmedWith + ".onnx");

    /// <summary>A session with ONNX Runtime's defaults.</summary>
    /// <param name="arguments">The model's file, and the inputs as arguments.</param>
    /// <param name="warm">Whether the small model comes first.</param>
    public static Func<(Action Run, IDisposable Owner)> Hand(string[] arguments, bool warm)
    {
        IReadOnlyList<(string, NativeTensor)> inputs = HandSession.Tensors(Inputs(arguments));
        if (warm)
            Once(Session(WarmPath, HandSession.Tensors(Inputs([WarmPath]))));
        return () => Session(arguments[0], inputs);
    }

    /// <summary>A runner as it is generated.</summary>
    /// <param name="arguments">The model's file, and the inputs as arguments.</param>
    /// <param name="folder">Where it looks for prepared models; empty: nowhere.</param>
    /// <param name="warm">The folder where the small one does, which comes first; empty: none does.</param>
    public static Func<(Action Run, IDisposable Owner)> Runner(string[] arguments, string folder, string warm)
    {
        (Func<LooseRunner> create, RequestInputs inputs) = Planned(arguments, folder);
        if (warm.Length > 0)
        {
            (Func<LooseRunner> createSmall, RequestInputs small) = Planned([WarmPath], folder.Length > 0 ? warm : "");
            Once(Opened(createSmall, small));
        }
        return () => Opened(create, inputs);
    }

    /// <summary>What the compiler does for a runner, and took in this process: no start has it.</summary>
    public static TimeSpan Planning { get; private set; }

    /// <summary>Refuses a runner that uses nothing of the folder; null where it is given none.</summary>
    public static Action<IDisposable>? Check(string folder) => folder.Length > 0 ? static owner => PreparedCase.Demand((LooseRunner)owner) : null;

    // A session is not planned.
    private static RequestInputs Inputs(string[] arguments)
    {
        (IReadOnlyDictionary<string, string> dims, IReadOnlyDictionary<string, string> fills) = BenchOptions.ReadInputs(arguments[1..]);
        return RequestInputs.For(ModelReader.ReadFile(arguments[0]), dims, fills);
    }

    private static (Func<LooseRunner> Create, RequestInputs Inputs) Planned(string[] arguments, string folder)
    {
        // Read as for a session, which counts; what comes now is the compiler's.
        Inputs(arguments);
        long start = Stopwatch.GetTimestamp();
        (Func<LooseRunner> Create, RequestInputs Inputs) planned = PreparedCase.Runner(arguments, folder.Length > 0 ? folder : null);
        Planning += Stopwatch.GetElapsedTime(start);
        return planned;
    }

    private static (Action, IDisposable) Session(string path, IReadOnlyList<(string, NativeTensor)> inputs)
    {
        HandSession session = new(path, inputs);
        return (session.Run, session);
    }

    private static (Action, IDisposable) Opened(Func<LooseRunner> create, RequestInputs inputs)
    {
        LooseRunner runner = create();
        return (() => runner.Run(runner.NewRequest(inputs)).Dispose(), runner);
    }

    private static void Once((Action Run, IDisposable Owner) opened)
    {
        using (opened.Owner)
            opened.Run();
    }
}
