using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;

namespace Cleave.Benchmarks.Ledger;

/// <summary>Limits a process's CPU time, as a container does: a control group of version 1 or 2, where such can be made.</summary>
internal static class QuotaGroup
{
    private const int Period = 100_000;
    private const string First = "/sys/fs/cgroup/cpu";
    private const string Second = "/sys/fs/cgroup";

    /// <summary>Makes one; null where this process may not.</summary>
    public static string? Make(double cores)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"cleave-bench-{Environment.ProcessId}-{cores * 100:0}");
        string quota = ((int)(cores * Period)).ToString(CultureInfo.InvariantCulture), period = Period.ToString(CultureInfo.InvariantCulture);
        try
        {
            if (File.Exists(Path.Combine(First, "cpu.cfs_quota_us")))
            {
                string folder = Directory.CreateDirectory(Path.Combine(First, name)).FullName;
                File.WriteAllText(Path.Combine(folder, "cpu.cfs_period_us"), period);
                File.WriteAllText(Path.Combine(folder, "cpu.cfs_quota_us"), quota);
                return folder;
            }
            if (File.Exists(Path.Combine(Second, "cgroup.controllers")))
            {
                string folder = Directory.CreateDirectory(Path.Combine(Second, name)).FullName;
                File.WriteAllText(Path.Combine(folder, "cpu.max"), quota + " " + period);
                return folder;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine("no control group could be made: " + e.Message);
        }
        return null;
    }

    /// <summary>Puts this process into a group.</summary>
    public static void Enter(string folder) =>
        File.WriteAllText(Path.Combine(folder, "cgroup.procs"), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));

    /// <summary>Keeps this process to its first processors, so many; threads made from here on inherit it.</summary>
    public static void Keep(int processors)
    {
        using Process self = Process.GetCurrentProcess();
        if (OperatingSystem.IsLinux() || OperatingSystem.IsWindows())
            self.ProcessorAffinity = (nint)((1L << processors) - 1);
    }

    /// <summary>Takes an empty group away.</summary>
    public static void Remove(string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder);
    }
}
