using System;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks;
using Cleave.Benchmarks.Harness;
using Spectre.Console;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

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

    case [string name] when Suites.Named.ContainsKey(name):
        return Report.Run(name, Suites.Named[name], new BenchOptions(Quick: false));

    // Few rounds: says whether everything works, not how fast it is.
    case [string name, "--quick"] when Suites.Named.ContainsKey(name):
        return Report.Run(name, Suites.Named[name], new BenchOptions(Quick: true));

    default:
        AnsiConsole.MarkupLineInterpolated($"usage: bench NAME [[--quick]], where NAME is one of: {string.Join(", ", Suites.Named.Keys.Order(StringComparer.Ordinal))}");
        return 2;
}
