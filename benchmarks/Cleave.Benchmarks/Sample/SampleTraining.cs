using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Sample;

/// <summary>The sample's models, trained from nothing.</summary>
internal sealed class SampleTraining : IFamily
{
    private const double MostMinutes = 10;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        const string What = "training the sample's models from nothing; the result is what is committed";
        if (options.Quick)
        {
            yield return Line.NotMeasured(What, "<= 10 min", "it takes minutes");
            yield break;
        }
        string folder = Directory.CreateTempSubdirectory("cleave-training-").FullName;
        try
        {
            SampleProgram training = SampleProgram.Training("make", "--out", folder);
            double minutes = TimeSpan.FromSeconds(double.Parse(training.Value("training took"), CultureInfo.InvariantCulture)).TotalMinutes;
            yield return Line.Of(What, "<= 10 min", string.Create(CultureInfo.InvariantCulture, $"{minutes:0.0} min; {(training.Code == 0 ? "the same bytes" : "OTHER BYTES")}"),
                minutes <= MostMinutes && training.Code == 0, training);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;
}
