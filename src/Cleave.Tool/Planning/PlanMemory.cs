using System;
using System.Linq;
using System.Threading;
using Cleave.Core.Listing;
using Cleave.Generated;
using Cleave.Prepared;
using Cleave.Sessions;
using Cleave.Tool.Preparing;
using Cleave.Tool.Running;

namespace Cleave.Tool.Planning;

/// <summary>What the sessions of a plan take in memory, as the runner counts it against its limit (<see cref="RunnerOptions.MaxMemory"/>).</summary>
internal static class PlanMemory
{
    /// <param name="model">The model.</param>
    /// <param name="request">What was planned.</param>
    /// <param name="weightBytes">The bytes of its weights, for a model that no runner can be made for.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="RefusedException">The generator would report an error, where it is to be seen what is prepared.</exception>
    /// <exception cref="CleaveException">The same: the model cannot be opened.</exception>
    public static PlanMemoryReport Of(ModelUnderTest model, PlanRequest request, long weightBytes, CancellationToken cancellationToken)
    {
        PreparedFolders folders = PreparedFolders.Of(request.Prepared, Environment.GetEnvironmentVariable(PreparedFolders.Variable), model.Path);
        ListingOptions item = new()
        {
            Dims = string.Join(',', request.Dims.Sizes.Select(static d => FormattableString.Invariant($"{d.Key}={d.Value}"))),
            Plan = request.Mode.ToString(),
            Outputs = [.. request.Outputs],
        };
        try
        {
            // Nothing is run here, so the processor may be another than the one that the weights were rounded for.
            using OpenedForRunner opened = new(model.Path, item, request.Cores, new RunnerOptions { Prepared = folders.Asked, AllowSaturation = true }, cancellationToken);
            Plan plan = opened.Modes.Modes[opened.Modes.Planned].Plan;
            return new PlanMemoryReport(
                opened.Factory.WeightBytes, opened.Factory.PlainBytes(plan),
                folders.All.Any() ? opened.Factory.Prepared.BytesToMap(plan) : null, folders.All.Any() ? string.Join(", ", folders.All) : null);
        }
        catch (Exception e) when (e is RefusedException or CleaveException && !folders.All.Any())
        {
            // Its plan is of interest all the same.
            WeightChoice loading = WeightChoice.Make(WeightLoading.Auto, fromFile: true, model.Graph.Model.Graph, weightBytes);
            return new PlanMemoryReport(weightBytes, SessionFactory.PlainBytes(weightBytes, loading), null, null);
        }
    }
}
