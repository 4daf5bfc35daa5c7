using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Cores;

/// <summary>Which files say how much processor time the control groups of this process leave it.</summary>
internal static class CgroupQuota
{
    /// <summary>In processors, for example 1.5; null where nothing limits.</summary>
    public static double? Read(ProcessFiles files)
    {
        using OpenQuota quota = new(files, TimeProvider.System);
        return quota.Read();
    }

    /// <summary>The files of all groups, whether they are there or not.</summary>
    public static IEnumerable<LimitFile> Files(ProcessFiles files) => ControlGroups.Of(files, "cpu").Select(static group => group.IsSecond
        ? new LimitFile(group.Path + "/cpu.max", null)
        : new LimitFile(group.Path + "/cpu.cfs_quota_us", group.Path + "/cpu.cfs_period_us"));
}

/// <summary>A file with the limit of one group: <c>quota period</c>, or the quota where the period stands in a file of its own. In microseconds.</summary>
internal sealed record LimitFile(string Quota, string? Period);
