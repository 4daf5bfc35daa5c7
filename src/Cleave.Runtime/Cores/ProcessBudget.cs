using System;

namespace Cleave.Cores;

/// <summary>The cores that this process may use, read again and again while it runs. Thread-safe; allocates nothing while nothing changes.</summary>
internal sealed class ProcessBudget(ProcessFiles files)
{
    private readonly object _reading = new();
    private readonly OpenQuota _quota = new(files, TimeProvider.System);
    private (int Affinity, double? Quota, string? Variable) _from;
    private CoreBudget? _budget;

    public CoreBudget Read()
    {
        lock (_reading)
        {
            (int Affinity, double? Quota, string? Variable) now = (AffinityMask.Count(), _quota.Read(), Environment.GetEnvironmentVariable(CoreBudget.Variable));
            if (_budget is null || now != _from)
                (_from, _budget) = (now, CoreBudget.Resolve(now.Affinity, now.Quota, now.Variable, option: null));
            return _budget;
        }
    }
}
