using System;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Cleave.Benchmarks.Harness;

/// <summary>What this process holds, in bytes, garbage collected before.</summary>
/// <param name="Resident">All of it.</param>
/// <param name="Private">What no file backs and no other process shares.</param>
/// <param name="Proportional">Its share of all of it: what several processes map counts in equal parts.</param>
internal readonly record struct ProcessMemory(double Resident, double Private, double Proportional)
{
    public static ProcessMemory operator -(ProcessMemory a, ProcessMemory b) => new(a.Resident - b.Resident, a.Private - b.Private, a.Proportional - b.Proportional);

    public static ProcessMemory Read()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        string[] fields = File.ReadAllLines("/proc/self/smaps_rollup");
        return new ProcessMemory(Field("Rss:"), Field("Anonymous:"), Field("Pss:"));

        double Field(string name) => 1024.0 * long.Parse(fields.First(f => f.StartsWith(name, StringComparison.Ordinal))[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }
}
