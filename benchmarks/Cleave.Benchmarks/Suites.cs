using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Benchmarks.Batches;
using Cleave.Benchmarks.Clusters;
using Cleave.Benchmarks.Ensembles;
using Cleave.Benchmarks.Foundation;
using Cleave.Benchmarks.Graph;
using Cleave.Benchmarks.Graph.Costs;
using Cleave.Benchmarks.Harness;
using Cleave.Benchmarks.Ledger;
using Cleave.Benchmarks.Placement;
using Cleave.Benchmarks.Precision;
using Cleave.Benchmarks.Prepared;
using Cleave.Benchmarks.Sample;
using Cleave.Benchmarks.Validation;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks;

/// <summary>What <c>bench NAME</c> can run. A new suite is a list of families here.</summary>
internal static class Suites
{
    public static readonly IReadOnlyDictionary<string, IReadOnlyList<IFamily>> Named = new Dictionary<string, IReadOnlyList<IFamily>>(StringComparer.Ordinal)
    {
        ["batches"] =
        [
            new NaturalBatching(),
            new QueueTimes(),
            new DividedBatches(),
            new ExpectedLatencies(),
            new Changes(),
            new InstanceSearch(),
            new PredictedDivisions(),
            new DividedJobs(),
            new TunedWinner(),
        ],
        ["clusters"] =
        [
            new HandOff(),
            new TimelineCost(),
            new Pipeline(),
            new Hyperclusters(),
            new SplitGain(),
            new AutoPlans(),
            new PredictedGains(),
            new SearchTime(),
            new ForcedSplits(),
            new SplitMemory(),
        ],
        ["ensembles"] =
        [
            new EnsembleAccuracy(),
            new AllocationQuality(),
            new EmulatedDevices(),
            new ImageEnsembles(),
            new SmallModels(),
            new SystemOverhead(),
        ],
        ["foundation"] =
        [
            new PublishedModel(),
            new CallOverhead(),
            new AsyncOverhead(),
            new ListingCost(),
            new CreationCost(),
            new BuildCost(),
            new GeneratorCost(),
        ],
        ["ledger"] =
        [
            new ServiceLoad(),
            new JumpingLoad(),
            new RandomSizes(),
            new TwoRunners(),
            new Quotas(),
            new RunnerMemory(),
            new IdleRunner(),
        ],
        ["graph"] =
        [
            new PlanningTime(),
            new CostFromOptimised(),
            new CostFromRaw(),
            new PlanOrder(),
            new Partitions(),
            new LostFusions(),
            new HarnessAgainstItself(),
            new FixGain(),
            new ChosenOutputs(),
        ],
        ["precision"] =
        [
            new QuantizedSpeed(),
            new ServedTogether(),
            new LeftAlone(),
            new RealModels(),
            new OtherProcessor(),
            new QuantizeCost(),
            new WidenedSpeed(),
        ],
        ["prepared"] =
        [
            new PreparedStart(),
            new PreparedMemory(),
            new PreparedGrowth(),
            new PreparedSpeed(),
            new PreparableModels(),
            new ForeignEntries(),
        ],
        ["gpu"] = [new GpuRuns()],
        ["placement"] =
        [
            new PlannerQuality(),
            new SimulatedPlacements(),
            new DeviceDispatch(),
            new Wavefront(),
        ],
        ["sample"] =
        [
            new PageAccuracy(),
            new PageLines(),
            new SampleTraining(),
            new SampleTime(),
        ],
        ["validation"] =
        [
            new UnchangedBuild(),
            new CheckCost(),
            new MutationTest(),
            new ProjectShapes(),
            new ValidationTime(),
        ],
    };

    /// <summary>Whether a suite has a family of that name; null stands for all.</summary>
    public static bool Has(string suite, string? family) => family is null || Named[suite].Any(f => f.GetType().Name == family);

    /// <summary>The workload of that name, in a worker process.</summary>
    public static IWorkload CreateWorkload(string name, string[] arguments) =>
        Named.Values.SelectMany(families => families).Select(f => f.CreateWorkload(name, arguments)).FirstOrDefault(w => w != null)
        ?? throw new ArgumentException("No workload is named " + name, nameof(name));
}
