using System;
using System.Linq;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Xunit;

namespace Cleave.Models.Tests;

/// <summary>As <see cref="WholeModelTests"/>, on the ONNX project's light models. A class of its own, which runs beside the others.</summary>
public sealed class LightModelTests
{
    /// <summary>Without two of hundreds of megabytes, whose operators the third of their kind (AlexNet) has, too.</summary>
    public static TheoryData<string> LightModels =>
        [.. ModelCatalog.All.Where(m => m.Name.EndsWith("_random", StringComparison.Ordinal) && m.Name is not ("light_vgg19_random" or "light_zfnet512_random")).Select(m => m.Name).DefaultIfEmpty("")];

    [SkippableTheory]
    [MemberData(nameof(LightModels))]
    public void They_agree_with_random_weights(string model)
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        using TempFolder folder = new();
        CatalogModel light = ModelCatalog.Get(model);
        string path = light.Write(folder.Path);
        WholeModelTests.Compare(path, ModelInputs.Random(light, path, DimSample.Fixed, seed: 11), new RunnerOptions());
    }
}
