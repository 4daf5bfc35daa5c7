using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;

namespace Cleave.Runtime.Tests.Ledger;

/// <summary>A process of its own whose runners have answered requests, and which watches its threads afterwards.</summary>
internal static class IdleProcess
{
    /// <summary>The argument that starts it.</summary>
    public const string Argument = "idle";

    /// <summary>What every thread of a runner is called, those of its sessions included.</summary>
    public const string Name = "Cleave";

    /// <summary>The thread that polls.</summary>
    public const string Poller = Name + " poller";

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    // Threads that spin, and pools that shrink, need a moment. Whoever polls never comes to rest, and is seen in the first second where the machine is not busy.
    private const int Most = 20;

    /// <param name="polls">Whether a thread looks for something all the time: what the watch must notice.</param>
    public static int Run(bool polls)
    {
        // The threads of a session have the name of the one that makes it.
        Thread main = new(() => Serve(polls)) { Name = Name + " main" };
        main.Start();
        main.Join();
        return 0;
    }

    private static void Serve(bool polls)
    {
        CoreLedger ledger = Ledgers.Own(2);
        ModelDefinition plain = Definitions.Of(Towers.Model());
        using LooseRunner split = Towers.Runner(new() { Plan = PlanChoice.Split, Ledger = ledger });
        using LooseRunner whole = Towers.Runner(new() { Ledger = ledger }, new Budget(2, Definitions.Whole(plain.Inputs, plain.Outputs), 2));
        using LooseRunner background = Towers.Runner(new() { Ledger = ledger, Hint = RunnerHint.Background });
        LooseRunner[] runners = [split, whole, background];
        Dictionary<string, Sample> before = Samples();
        foreach (LooseRunner runner in runners)
            Ask(runner);
        Parallel.ForEach(runners, Ask);
        using Timer? poll = polls ? new(static _ => { }, null, 0, 20) : null;
        using ManualResetEventSlim ends = new();
        Thread poller = new(() =>
        {
            while (!ends.Wait(20))
            {
                // As a thread would that looks for something to do.
            }
        })
        { IsBackground = true, Name = Poller };
        if (polls)
            poller.Start();
        Watch(before, polls);
        ends.Set();
    }

    private static void Ask(LooseRunner runner)
    {
        for (int i = 0; i < 50; i++)
        {
            runner.Run(Towers.Request(Towers.Input(i))).Dispose();
            runner.RunAsync(Towers.Request(Towers.Input(i))).GetAwaiter().GetResult().Dispose();
        }
    }

    private static void Watch(Dictionary<string, Sample> first, bool polls)
    {
        Dictionary<string, Sample> before = Samples();
        Console.WriteLine("threads " + Text(before.Count));
        Console.WriteLine("woken by requests " + Text(before.Values.Sum(static s => s.Wakes) - first.Values.Sum(static s => s.Wakes)));
        string[] restless = [];
        HashSet<string> seen = [];
        for (int i = 0; i < Most; i++)
        {
            // What a second costs can be seen after a second only.
            Thread.Sleep(Window);
            Dictionary<string, Sample> after = Samples();
            restless = [.. after.Where(t => !before.TryGetValue(t.Key, out Sample was) || t.Value.Wakes - was.Wakes > 1 || t.Value.Ticks - was.Ticks > 0).Select(static t => t.Value.Name)];
            before = after;
            seen.UnionWith(restless);
            if (polls ? seen.Contains(Poller) : restless.Length == 0 && Timer.ActiveCount == 0)
                break;
        }
        Console.WriteLine("timers " + Text(Timer.ActiveCount));
        Console.WriteLine("restless " + string.Join(", ", restless));
        // On a machine that is busy a thread that polls may not get a core for all of the last second.
        Console.WriteLine("seen " + string.Join(", ", seen));
    }

    // By thread, but for the one that watches.
    private static Dictionary<string, Sample> Samples()
    {
        Dictionary<string, Sample> samples = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc/self/task"))
        {
            try
            {
                string name = File.ReadAllText(folder + "/comm").TrimEnd('\n');
                if (name.StartsWith(Name, StringComparison.Ordinal) && Path.GetFileName(folder) != Path.GetFileName(Path.GetDirectoryName(Self)))
                    samples.Add(folder, new Sample(name, Wakes(folder), Ticks(folder)));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile.
            }
        }
        return samples;
    }

    private static string Self => File.ResolveLinkTarget("/proc/thread-self", returnFinalTarget: false)!.FullName + "/";

    // How often it slept, and was woken.
    private static long Wakes(string folder) =>
        long.Parse(File.ReadLines(folder + "/status").First(static l => l.StartsWith("voluntary_ctxt_switches:", StringComparison.Ordinal)).Split(':')[1], CultureInfo.InvariantCulture);

    // Processor time, user's and system's, in hundredths of a second: behind the name, which may have blanks.
    private static long Ticks(string folder)
    {
        string text = File.ReadAllText(folder + "/stat");
        string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private readonly record struct Sample(string Name, long Wakes, long Ticks);
}
