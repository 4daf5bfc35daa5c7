using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Passes.Partitions;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Precision;

/// <summary>A model and what <c>cleave quantize</c> made of it.</summary>
/// <param name="Name">The model's name in the catalog.</param>
/// <param name="Floats">Its file.</param>
/// <param name="Bytes">The quantised file; it is there where the report says so.</param>
/// <param name="Report">What the command says.</param>
internal sealed record PrecisionCase(string Name, string Floats, string Bytes, QuantizeReport Report)
{
    private const int Images = 8;
    private const int Seed = 3;
    private const int Side = 224;
    // Of a picture, so that neighbours are alike.
    private const int Waves = 6;

    /// <summary>The budget of all rows about speed.</summary>
    public const double MaxError = 0.05;

    /// <summary>The folder of all files that are made here.</summary>
    public static string Root { get; } = Path.Combine(Path.GetDirectoryName(ModelCatalog.Folder)!, "quantised");

    /// <param name="model">The model.</param>
    /// <param name="dims">Sizes of open dimensions; empty: it has none. The light classifiers are given pictures.</param>
    /// <param name="leastGain">What gains less is left alone; null: the files are not measured, and what is within the budget is written.</param>
    public static PrecisionCase Make(CatalogModel model, string dims, double? leastGain)
    {
        string floats = Path.Combine(ModelCatalog.Folder, model.Name + ".onnx"), bytes = Path.Combine(Directory.CreateDirectory(Root).FullName, model.Name + dims.Replace(',', '_') + ".onnx");
        if (!File.Exists(floats))
            floats = model.Write(ModelCatalog.Folder);
        QuantizeOptions options = new()
        {
            Model = floats,
            Output = bytes,
            MaxError = MaxError,
            Measure = leastGain != null,
            LeastGain = leastGain ?? 0,
            Fills = Fills(model),
            InputFolders = dims.Length == 0 && model.Name.StartsWith("light_", StringComparison.Ordinal) ? [Pictures("pictures", Images, Seed)] : [],
            Samples = dims.Length == 0 ? [] : [DimensionSample.Parse(dims)],
        };
        return new PrecisionCase(model.Name, floats, bytes, new QuantizeRun(options, static (_, _) => { }, default).Run());
    }

    /// <summary>Inputs of one number that a model must get: a sample rate.</summary>
    public static Dictionary<string, double> Fills(CatalogModel model) => model.Ranges.Where(static r => r.Value.Low == r.Value.High).ToDictionary(static r => r.Key, static r => r.Value.Low, StringComparer.Ordinal);

    /// <summary>A folder of smooth random pictures from 0 to 1, the same ones for a seed.</summary>
    public static string Pictures(string name, int count, ulong seed)
    {
        string folder = Directory.CreateDirectory(Path.Combine(Root, name)).FullName;
        SeededRandom random = new(seed);
        for (int i = 0; i < count; i++)
            File.WriteAllBytes(Path.Combine(folder, $"{i:00}.npy"), Picture(random));
        return folder;
    }

    private static byte[] Picture(SeededRandom random)
    {
        float[] values = new float[3 * Side * Side];
        double[] phase = [.. Enumerable.Range(0, 3 * Waves * 3).Select(_ => random.Fraction())];
        for (int i = 0; i < values.Length; i++)
        {
            int channel = i / (Side * Side), y = i / Side % Side, x = i % Side;
            double sum = 0;
            for (int w = 0; w < Waves; w++)
            {
                int at = ((channel * Waves) + w) * 3;
                sum += Math.Sin(((phase[at] * x) + (phase[at + 1] * y)) * (w + 1) / 12 + (phase[at + 2] * 2 * Math.PI));
            }
            values[i] = (float)(0.5 + (sum / Waves / 2) + ((random.Fraction() - 0.5) * 0.1));
        }
        return NumpyArray.Of([1, 3, Side, Side], values);
    }
}
