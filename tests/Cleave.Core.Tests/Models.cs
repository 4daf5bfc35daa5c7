using System.Collections.Generic;
using System.Linq;
using Cleave.TestKit;

namespace Cleave.Core.Tests;

/// <summary>The shared models, as a theory wants them.</summary>
internal static class Models
{
    /// <summary>Names of the shared models, or one placeholder that makes a theory skip.</summary>
    public static IEnumerable<object[]> Shared() =>
        SharedModels.Exist ? SharedModels.All.Select(m => new object[] { m }) : [["(none)"]];
}
