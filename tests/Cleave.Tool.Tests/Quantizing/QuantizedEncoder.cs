using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.OnnxProto;
using Cleave.TestKit.Synthetic;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>A transformer in 8 bits, all of its products, and what the command said of it: searched and measured once for all tests of a class.</summary>
public sealed class QuantizedEncoder : IAsyncLifetime
{
    public const string Dims = "batch=1,sequence=32";

    private readonly TempFolder _folder = new();

    /// <summary>The file.</summary>
    public string Path => System.IO.Path.Combine(_folder.Path, "encoder.int8.onnx");

    /// <summary>What the command wrote, as JSON.</summary>
    public string Text { get; private set; } = "";

    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    /// <summary>Wide enough that bytes are faster whatever else the machine does.</summary>
    public static ModelProto Floats() => new Bert(layers: 1, width: 256, heads: 4, new FloatProducts()).Build();

    public async Task InitializeAsync()
    {
        string floats = System.IO.Path.Combine(_folder.Path, "encoder.onnx");
        File.WriteAllBytes(floats, Floats().ToByteArray());
        ToolRun run = await ToolRun.Measured("quantize", floats, "-o", Path, "--dims", Dims, "--max-error", "1", "--min-gain", "0", "--json");
        Assert.Equal(("", 0), (run.Error, run.Code));
        Text = run.Output;
    }

    public Task DisposeAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
    }
}
