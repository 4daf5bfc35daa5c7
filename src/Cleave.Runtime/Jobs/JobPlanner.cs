using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Batching;
using Cleave.Calls;
using Cleave.Core.Parts;
using Cleave.Generated;

namespace Cleave.Jobs;

/// <summary>Plans the jobs of one runner: what its parts are expected to take, which of them run together, with how many threads, and in which order. Thread-safe.</summary>
internal sealed class JobPlanner
{
    // The largest batch that is predicted.
    private const int MostTogether = 32;

    private readonly PartsOptions _options;
    private readonly int[] _counts;
    private readonly ExpectedTimes _expected;
    private readonly MeasuredParts? _measured;
    private readonly JoinedCalls? _joined;

    /// <param name="definition">The model.</param>
    /// <param name="shapes">The shapes of its inputs.</param>
    /// <param name="options">What the application asked for.</param>
    /// <param name="counts">The numbers of cores that a part may be given, rising from 1.</param>
    /// <param name="joined">Runs parts together; null where none may.</param>
    public JobPlanner(ModelDefinition definition, ShapeTable shapes, PartsOptions options, int[] counts, JoinedCalls? joined)
    {
        _options = options;
        _counts = counts;
        _expected = new ExpectedTimes(definition, shapes, options.Weights == PartWeights.InputSize);
        _measured = options.Weights == PartWeights.Measured ? new MeasuredParts() : null;
        _joined = options.Merging ? joined : null;
    }

    /// <summary>Whether it is to be told what parts take.</summary>
    public bool Measures => _measured != null;

    /// <summary>What runs, in the order in which it starts.</summary>
    /// <param name="parts">The parts of a job.</param>
    /// <param name="cores">How many cores it may have.</param>
    public JobUnit[] Plan(CallBuffers[] parts, int cores)
    {
        List<int[]> alike = JobParts.Alike(parts);
        JobPlan plan = Plan(parts, alike, cores);
        return Array.ConvertAll(plan.Plan.Order, i => new JobUnit(
            alike[plan.Batches[i].Group][plan.Batches[i].First..(plan.Batches[i].First + plan.Batches[i].Count)], plan.Plan.Threads[i]));
    }

    /// <summary>When the last part is expected to be over, in microseconds; where nothing is predicted or measured, in elements of the inputs.</summary>
    public double Finish(CallBuffers[] parts, int cores) => Plan(parts, JobParts.Alike(parts), cores).Plan.Finish;

    /// <summary>Adds what parts of these dimensions took together.</summary>
    public void Learn(int[] dims, int count, int threads, double microseconds) =>
        _measured?.Add(_expected.Together(dims, count), threads, microseconds, _expected.Of(dims, count));

    private JobPlan Plan(CallBuffers[] parts, List<int[]> alike, int cores) =>
        PartMerger.Plan([.. alike.Select(positions => Group(parts[positions[0]].Dims, positions.Length))], times => Allot(times, cores));

    private PartGroup Group(int[] dims, int count) =>
        new(count, _joined is null ? 1 : Math.Max(1, Math.Min(MostTogether, _joined.Most) / _expected.Samples(dims)), together => Times(dims, together));

    private PartPlan Allot(IReadOnlyList<PartTimes> parts, int cores) => (_counts.Length == 1 ? PartPolicy.One : _options.Policy) switch
    {
        PartPolicy.Proportional => PartPlan.LongestFirst(parts, ThreadShares.Proportional(Weights(parts), cores), cores),
        PartPolicy.Equal => PartPlan.LongestFirst(parts, ThreadShares.Equal(Weights(parts), cores), cores),
        PartPolicy.One => PartPlan.LongestFirst(parts, ThreadShares.One(parts.Count), cores),
        _ => EarliestFinish.Plan(parts, cores, Array.FindAll(_counts, c => c <= cores)),
    };

    private static double[] Weights(IReadOnlyList<PartTimes> parts) => [.. parts.Select(static p => p.Alone)];

    private PartTimes Times(int[] dims, int count)
    {
        PartTimes predicted = _expected.Of(dims, count);
        return _measured is null ? predicted : _measured.Of(_expected.Together(dims, count), _counts, predicted);
    }
}
