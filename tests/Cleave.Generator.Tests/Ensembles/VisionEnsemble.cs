using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.TestKit.Generation;
using Xunit;

namespace Cleave.Generator.Tests.Ensembles;

/// <summary>An ensemble of models made by hand, and what is generated of them.</summary>
internal static class VisionEnsemble
{
    public static readonly ModelListing A = Member("a", [Models.Float("image", "batch", 3)], [Models.Float("scores", "batch", 10)]);
    public static readonly ModelListing B = Member("b", [Models.Float("image", "N", 3)], [Models.Float("scores", "N", 10)]);

    public static ModelListing Member(string name, IReadOnlyList<ValueInfo> inputs, IReadOnlyList<ValueInfo> outputs) =>
        Models.Listing(inputs, outputs, "models/" + name + ".onnx");

    public static EnsembleListing Vision(params ModelListing[] members) => new()
    {
        Name = "Vision",
        Source = "App.csproj",
        Members = [.. members.Select(m => new EnsembleMemberEntry(m.Options.Source, m.Options.Path))],
    };

    public static Generated Run(EnsembleListing ensemble, params ModelListing[] models) => GeneratorHost.Run(
    [
        .. models.Select((m, i) => Models.File(m, "model" + i)),
        new BuildFile("/project/obj/cleave/" + ensemble.Name + EnsembleText.Ending, GeneratedEnsemble.Text(ensemble)),
    ]);

    public static string Message(EnsembleListing ensemble, params ModelListing[] models) => Assert.Single(Run(ensemble, models).Messages);

    public static string Message(params ModelListing[] models) => Message(Vision(models), models);
}
