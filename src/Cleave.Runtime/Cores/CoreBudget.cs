using System;
using System.Globalization;

namespace Cleave.Cores;

/// <summary>The cores a runner may use, and what set the limit.</summary>
/// <param name="Cores">At least 1.</param>
/// <param name="Reason">For the log: which of the limits it was.</param>
/// <param name="Ignored">A value of CLEAVE_CORES that makes no sense; null where there is none.</param>
internal sealed record CoreBudget(int Cores, string Reason, string? Ignored)
{
    public const string Variable = "CLEAVE_CORES";

    /// <summary>No process has more; a larger number is a mistake (bytes, milli-cores).</summary>
    public const int MostCores = 4096;

    public static CoreBudget Resolve(int? option) =>
        Resolve(AffinityMask.Count(), CgroupQuota.Read(ProcessFiles.System), Environment.GetEnvironmentVariable(Variable), option);

    /// <summary>The smallest of all limits.</summary>
    public static CoreBudget Resolve(int affinity, double? quota, string? variable, int? option)
    {
        CoreBudget budget = new(Math.Max(1, affinity), "affinity mask", null);
        if (quota is { } cpus)
        {
            int whole = cpus >= MostCores ? MostCores : Math.Max(1, (int)Math.Floor(cpus));
            budget = budget.AtMost(whole, string.Create(CultureInfo.InvariantCulture, $"control group quota of {cpus:0.##}"));
        }
        if (!string.IsNullOrEmpty(variable))
        {
            budget = int.TryParse(variable, NumberStyles.Integer, CultureInfo.InvariantCulture, out int cores) && cores is >= 1 and <= MostCores
                ? budget.AtMost(cores, Variable)
                : budget with { Ignored = variable };
        }
        return budget.WithOption(option);
    }

    /// <summary>No more than RunnerOptions.Cores says.</summary>
    public CoreBudget WithOption(int? option) => option is { } most ? AtMost(most, "RunnerOptions.Cores") : this;

    private CoreBudget AtMost(int cores, string reason) => cores < Cores ? this with { Cores = cores, Reason = reason } : this;
}
