using System.Linq;
using Cleave.TestKit;
using Cleave.TestKit.Generation;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>Real models get a class; that it computes the right thing is tested elsewhere.</summary>
public class SharedModelTests
{
    [SkippableFact]
    public void Every_real_model_gets_a_class_that_compiles()
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        Assert.NotEmpty(SharedModels.All);
        foreach (string path in SharedModels.All.Where(m => !m.StartsWith("light/", System.StringComparison.Ordinal)))
            Assert.NotEmpty(GeneratedModel.FromFile(SharedModels.PathOf(path)).Outputs);
    }
}
