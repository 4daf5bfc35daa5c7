using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Batching;
using Cleave.Core.Ensembles;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Ensembles;

/// <summary>
/// The real inference system on emulated devices, which take the time of a committed profile and do no work: twelve models on four devices, one on sixteen, and the
/// matrix found against the published baseline, a device and the best batch for each model.
/// </summary>
internal sealed class EmulatedDevices : IFamily
{
    private static readonly (string Name, string[] Models)[] Ensembles =
    [
        ("4 models on 4 devices", ["resnet50", "resnet101", "densenet121", "vgg19"]),
        ("6 models on 6 devices", ["mobilenet_v2", "resnet50", "densenet121", "inception_v3", "efficientnet_b4", "resnet152"]),
        ("12 models on 12 devices", [.. EmulatedModels.All.Select(m => m.Name)]),
    ];

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        double seconds = options.Quick ? 3 : 15;
        yield return Twelve(seconds);
        yield return Sixteen(seconds);
        foreach (Line line in AgainstBestBatch(seconds))
            yield return line;
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static Line Twelve(double seconds)
    {
        EmulatedModel[] models = [.. EmulatedModels.All];
        AllocationProblem problem = EmulatedModels.Problem(models, devices: 4);
        FirstAllocation first = WorstFitDecreasing.Place(problem);
        if (!first.Fits)
            return Line.Of("12 models on 4 devices of 16 GB (emulated)", "fits, >= 0.90x of the prediction", first.Words(problem), false, first);
        AllocationMatrix matrix = Find(problem, models);
        (double served, double predicted) = Compare(problem, models, matrix, seconds);
        return Line.Of("12 models on 4 devices of 16 GB (emulated): served against predicted", "fits, >= 0.90x",
            string.Create(CultureInfo.InvariantCulture, $"fits, {served / predicted:0.000}x ({served:0} of {predicted:0} samples/s)"), served / predicted >= 0.9,
            new { served, predicted, matrix = matrix.ToText([.. problem.Devices.Select(d => d.Name)], [.. models.Select(m => m.Name)]) });
    }

    // 500 batches a second on all of them: each device takes 32 ms for one.
    private static Line Sixteen(double seconds)
    {
        EmulatedModel[] models = [new EmulatedModel("one", 100, 10, 31.2, 0.1)];
        AllocationProblem problem = EmulatedModels.Problem(models, devices: 16, 8), alone = EmulatedModels.Problem(models, devices: 1, 8);
        AllocationMatrix matrix = Find(problem, models);
        double one = EmulatedServing.Serve(models, Find(alone, models), (int)(seconds * 250));
        double all = EmulatedServing.Serve(models, matrix, (int)(seconds * 4000));
        return Line.Of("1 model on 16 devices, 500 batches a second (emulated), against one device", ">= 0.9 x 16 = 14.4x",
            string.Create(CultureInfo.InvariantCulture, $"{all / one:0.0}x ({all / 8:0} batches/s, one device {one / 8:0.0})"), all / one >= 14.4, new { one, all });
    }

    private static IEnumerable<Line> AgainstBestBatch(double seconds)
    {
        List<double> gains = [];
        foreach ((string name, string[] names) in Ensembles)
        {
            EmulatedModel[] models = EmulatedModels.Of(names);
            AllocationProblem problem = EmulatedModels.Problem(models, models.Length);
            AllocationMatrix matrix = Find(problem, models), best = BestBatch(problem, models);
            (double found, double predicted) = Compare(problem, models, matrix, seconds);
            (double baseline, _) = Compare(problem, models, best, seconds);
            gains.Add(found / baseline);
            yield return Line.Shown($"{name} (emulated): matrix found against a device and the best batch for each model",
                string.Create(CultureInfo.InvariantCulture, $"{found / baseline:0.00}x ({found:0} against {baseline:0} samples/s; predicted {predicted:0})"), new { found, baseline, predicted });
        }
        yield return Line.Of("the most of these", ">= 1.5x", string.Create(CultureInfo.InvariantCulture, $"{gains.Max():0.00}x"), gains.Max() >= 1.5, gains);
    }

    private static AllocationMatrix BestBatch(AllocationProblem problem, EmulatedModel[] models)
    {
        AllocationMatrix matrix = new(models.Length, models.Length);
        for (int m = 0; m < models.Length; m++)
        {
            InstanceGroup best = problem.Devices[m].Choices.Where(c => problem.Models[m].Of(c) <= problem.Devices[m].Memory).MaxBy(c => c.Batch / models[m].Milliseconds(c.Batch));
            matrix = matrix.With(m, m, best);
        }
        return matrix;
    }

    // As the product does: copies for devices that are left empty, then the greedy within its own bounds.
    private static AllocationMatrix Find(AllocationProblem problem, EmulatedModel[] models)
    {
        int batch = problem.Devices[0].Choices[0].Batch;
        AllocationMatrix start = IdleAccelerators.Fill(problem, WorstFitDecreasing.Place(problem).Matrix, [.. models.Select(m => m.Milliseconds(batch) / batch)]);
        return AllocationSearch.Improve(problem, start, Simulator(problem, models, ThroughputSimulator.SamplesFor(problem)).Of, new()).Matrix;
    }

    private static (double Served, double Predicted) Compare(AllocationProblem problem, EmulatedModel[] models, AllocationMatrix matrix, double seconds)
    {
        double rate = Simulator(problem, models, ThroughputSimulator.SamplesFor(problem)).Of(matrix);
        int samples = Math.Max(1024, (int)(rate * seconds));
        return (EmulatedServing.Serve(models, matrix, samples), rate);
    }

    private static ThroughputSimulator Simulator(AllocationProblem problem, EmulatedModel[] models, int samples) =>
        new(problem, (_, m, cell) => EmulatedModels.Seconds(models, m, cell), samples);
}
