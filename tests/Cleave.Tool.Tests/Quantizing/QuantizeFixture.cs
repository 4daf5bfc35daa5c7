using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Core.Passes.Partitions;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Cleave.TestKit.Synthetic;
using Cleave.Tool.Rewriting;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>A folder with models that gain in 8 bits, and inputs of them.</summary>
internal sealed class QuantizeFixture : IDisposable
{
    private static readonly Lazy<Task<byte[]>> Calibrated = new(() => Make(withInputs: true)), Uncalibrated = new(() => Make(withInputs: false));

    private readonly TempFolder _folder = new();

    public string Folder => _folder.Path;

    public void Dispose() => _folder.Dispose();

    public string PathOf(string name) => Path.Combine(Folder, name);

    public string Save(string name, ModelProto model)
    {
        File.WriteAllBytes(PathOf(name), model.ToByteArray());
        return PathOf(name);
    }

    /// <summary>Two products behind each other, wide enough that bytes are faster whatever else the machine does.</summary>
    /// <param name="layers">Products.</param>
    /// <param name="seed">Of the weights: another training.</param>
    /// <param name="rows">Of the input.</param>
    /// <param name="width">Of the products; narrower where nothing is measured.</param>
    public static ModelProto Layers(int layers, int seed, int rows = 64, int width = 512)
    {
        ModelBuilder g = new("layers");
        string value = g.Input("x", rows, width);
        for (int i = 0; i < layers; i++)
            value = g.Gemm(value, string.Create(CultureInfo.InvariantCulture, $"layer{i}"), width, width);
        g.Output("y", value, rows, width);
        ModelProto model = g.ToModel();
        SeededRandom random = new((ulong)seed);
        for (int i = 0; i < model.Graph.Initializer.Count; i++)
        {
            TensorProto weights = model.Graph.Initializer[i];
            float[] values = [.. Enumerable.Range(0, (int)weights.Dims.Aggregate(1L, static (a, b) => a * b)).Select(_ => (float)(random.Fraction() - 0.5) / 8)];
            model.Graph.Initializer[i] = FloatTensors.Make(weights.Name, [.. weights.Dims], values);
        }
        return model;
    }

    /// <summary>The two layers of seed 1 in 8 bits, with a budget of 0.5. Made and measured once for all tests.</summary>
    /// <param name="name">The file.</param>
    /// <param name="withInputs">Whether it is made with the <see cref="Samples"/>.</param>
    public async Task<string> LayersInBytes(string name, bool withInputs = false)
    {
        File.WriteAllBytes(PathOf(name), await (withInputs ? Calibrated : Uncalibrated).Value);
        return PathOf(name);
    }

    /// <summary>Four inputs of the layers.</summary>
    public string Samples() => Inputs("samples", [64, 512], 4);

    /// <summary>Arrays of NumPy, the same ones for a seed; larger with <paramref name="scale"/>.</summary>
    public string Inputs(string name, long[] shape, int count, int seed = 5, float scale = 1)
    {
        string folder = Directory.CreateDirectory(PathOf(name)).FullName;
        SeededRandom random = new((ulong)seed);
        for (int i = 0; i < count; i++)
        {
            float[] values = [.. Enumerable.Range(0, (int)shape.Aggregate(1L, static (a, b) => a * b)).Select(_ => (float)random.Fraction() * scale)];
            File.WriteAllBytes(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{i}.npy")), NumpyArray.Of(shape, values));
        }
        return folder;
    }

    private static async Task<byte[]> Make(bool withInputs)
    {
        using QuantizeFixture files = new();
        string made = files.PathOf("made.onnx");
        string[] inputs = withInputs ? ["--inputs", files.Samples()] : [];
        ToolRun run = await ToolRun.Of(["quantize", files.Save("model.onnx", Layers(2, seed: 1)), "-o", made, "--max-error", "0.5", "--no-measure", .. inputs]);
        Assert.Equal(("", 0), (run.Error, run.Code));
        return File.ReadAllBytes(made);
    }
}
