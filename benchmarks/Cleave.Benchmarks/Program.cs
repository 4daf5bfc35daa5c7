using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Measuring;
using Spectre.Console;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

// What applications are told by their environment is not meant for what is measured: a runner would go by a tuning of another day, or tune itself meanwhile.
foreach (string variable in Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(static v => v.StartsWith("CLEAVE_", StringComparison.Ordinal) && v != "CLEAVE_SHARED_MODELS").ToArray())
    Environment.SetEnvironmentVariable(variable, null);

if (Console.IsOutputRedirected)
{
    AnsiConsole.Console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
    AnsiConsole.Profile.Width = 160;
}

switch (args)
{
    // Started by this program itself: one candidate, which runs when it is told to.
    case ["worker", string workload, .. string[] arguments]:
        return Worker.Serve(() => Suites.CreateWorkload(workload, arguments), Console.In, Console.Out);

    case [string name, .. string[] options] when Suites.Named.ContainsKey(name) && BenchOptions.TryParse(options) is BenchOptions parsed && Suites.Has(name, parsed.Only):
        return Report.Run(name, Suites.Named[name], parsed);

    default:
        Console.Error.WriteLine("usage: bench NAME [--quick] [--only FAMILY] [--models START,NAME$] [--device TABLE]");
        Console.Error.WriteLine("--quick: few rounds, says whether everything works, not how fast it is");
        Console.Error.WriteLine("--device: what the cost model is told of this machine, instead of a calibration");
        foreach ((string suite, IReadOnlyList<IFamily> families) in Suites.Named.OrderBy(s => s.Key, StringComparer.Ordinal))
            Console.Error.WriteLine($"{suite}: {string.Join(", ", families.Select(f => f.GetType().Name))}");
        return 2;
}
