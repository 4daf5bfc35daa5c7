using System.Collections.Generic;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Harness;

/// <summary>Lines of a table that are measured in the same way.</summary>
internal interface IFamily
{
    /// <summary>Measures; one line for each number with a name.</summary>
    IEnumerable<Line> Measure(BenchOptions options);

    /// <summary>In a worker process: the workload of that name, or null where it is another family's.</summary>
    IWorkload? CreateWorkload(string name, string[] arguments);
}
