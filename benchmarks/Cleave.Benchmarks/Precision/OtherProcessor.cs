using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Commands;
using Cleave.Tool.Measuring;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Precision;

/// <summary>The file that was written here, run on an emulated processor with AVX2 and without VNNI: its error against the stated one, on the same held-out inputs.</summary>
internal sealed class OtherProcessor : IFamily
{
    private const double Most = 1.1;

    private static readonly (string Model, string Dims)[] Cases = [("bert_4x384", "batch=1,sequence=4")];

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        foreach ((string name, string dims) in Cases.Where(c => options.Has(c.Model)))
        {
            string what = $"error on a processor with AVX2 alone ({EmulatedProcessor.Avx2}, emulated) over the stated one, weights of 7 bits: {name} {dims}";
            string aim = string.Create(CultureInfo.InvariantCulture, $"<= {Most}x");
            yield return EmulatedProcessor.IsThere ? Measure(ModelCatalog.Get(name), dims, what, aim) : Line.NotMeasured(what, aim, EmulatedProcessor.WhyAbsent);
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static Line Measure(CatalogModel model, string dims, string what, string aim)
    {
        PrecisionCase made = PrecisionCase.Make(model, dims, leastGain: 0);
        string folder = Path.Combine(PrecisionCase.Root, "held_out_" + model.Name);
        using (ModelUnderTest floats = new(made.Floats))
            Write(folder, new InputMaker(floats.Graph, new Dictionary<string, double>()).Inputs.Select(static i => i.Name).ToArray(), InputSets.Random(floats, Options(made, dims)).HeldOut);
        (int code, string output, string errors) = EmulatedProcessor.Run(EmulatedProcessor.Avx2, EmulatedProcessor.DotNet,
            [typeof(CleaveCommand).Assembly.Location, "verify", made.Bytes, "--against", made.Floats, "--inputs", folder, "--max-error", "1", "--json"]);
        if (code != 0)
            return Line.Of(what, aim, "it failed: " + errors, held: false, errors);
        double stated = made.Report.HeldOut.Worst, there = JsonDocument.Parse(output).RootElement.GetProperty("error").GetProperty("worst").GetDouble();
        return Line.Of(what, aim, string.Create(CultureInfo.InvariantCulture, $"{there / stated:0.000}x ({there:0.#####} and {stated:0.#####})"), there <= Most * stated, new { there, stated });
    }

    // As the command makes them: the same inputs for the same sizes.
    private static QuantizeOptions Options(PrecisionCase made, string dims) => new() { Model = made.Floats, Output = made.Bytes, Samples = [DimensionSample.Parse(dims)] };

    private static void Write(string folder, string[] names, IReadOnlyList<InputCase> inputs)
    {
        for (int i = 0; i < inputs.Count; i++)
        {
            string set = Directory.CreateDirectory(new TestDataFolder(folder).Set(i)).FullName;
            for (int n = 0; n < names.Length; n++)
                GivenInputs.WriteTensor(TestDataFolder.InputOf(set, n), names[n], inputs[i].Values[names[n]]);
        }
    }
}
