using System;
using System.Collections.Generic;
using System.IO;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using ModelInputs = Cleave.Tool.Benching.ModelInputs;

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
        IReadOnlyList<(string, NativeTensor)> inputs = HandSession.Tensors(PreparedCase.Runner(arguments, null).Inputs);
        if (warm)
            Once(Session(WarmPath, HandSession.Tensors(PreparedCase.Runner([WarmPath], null).Inputs)));
        return () => Session(arguments[0], inputs);
    }

    /// <summary>A runner as it is generated.</summary>
    /// <param name="arguments">The model's file, and the inputs as arguments.</param>
    /// <param name="folder">Where it looks for prepared models; empty: nowhere.</param>
    /// <param name="warm">The folder where the small one does, which comes first; empty: none does.</param>
    public static Func<(Action Run, IDisposable Owner)> Runner(string[] arguments, string folder, string warm)
    {
        (Func<LooseRunner> create, ModelInputs inputs) = PreparedCase.Runner(arguments, folder.Length > 0 ? folder : null);
        if (warm.Length > 0)
        {
            (Func<LooseRunner> createSmall, ModelInputs small) = PreparedCase.Runner([WarmPath], folder.Length > 0 ? warm : null);
            Once(Opened(createSmall, small));
        }
        return () => Opened(create, inputs);
    }

    private static (Action, IDisposable) Session(string path, IReadOnlyList<(string, NativeTensor)> inputs)
    {
        HandSession session = new(path, inputs);
        return (session.Run, session);
    }

    private static (Action, IDisposable) Opened(Func<LooseRunner> create, ModelInputs inputs)
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
