using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Cleave.TestKit;

namespace Cleave.Runtime.Tests.Recording;

/// <summary>A runner that records, and what it has recorded.</summary>
public abstract class RecordingTestBase : IDisposable
{
    private protected const int Width = 8;

    private protected static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly LooseRunner Unrecorded = LooseRunner.Of(Models.Toy(Width), new RunnerOptions { Cores = 1 });

    private protected TempFolder Folder { get; } = new();

    private protected ListLogger Logger { get; } = new();

    private protected string Recorded => Path.Combine(Folder.Path, "recorded");

    // Of the model that Definitions describes.
    private protected string Own => Path.Combine(Recorded, "models", "test.onnx.recorded");

    private protected string[] Sets => SetsIn(Own);

    public void Dispose() => Folder.Dispose();

    private protected static string[] SetsIn(string folder) => [.. new TestDataFolder(folder).Sets];

    private protected LooseRunner Open(RecordingOptions options) => LooseRunner.Of(Models.Toy(Width), new RunnerOptions { Cores = 2, Record = options, Logger = Logger });

    private protected static float[] Values(int first) => [.. Enumerable.Range(0, Width).Select(i => i == 0 ? first : i * 0.5f)];

    private protected static Request Input(int first) => (ref b) => b.Copy<float>(0, Values(first));

    private protected static float[] Run(LooseRunner runner, int first)
    {
        using LooseOutput output = runner.Run(Input(first));
        return output.Get<float>(0).Span.ToArray();
    }

    private protected static float[] Plain(int first) => Run(Unrecorded, first);

    private protected static (TensorProto Tensor, float[] Values) Read(string set)
    {
        TensorProto tensor = TestDataFolder.Read(TestDataFolder.InputOf(set));
        return (tensor, MemoryMarshal.Cast<byte, float>(tensor.RawData.Span).ToArray());
    }
}
