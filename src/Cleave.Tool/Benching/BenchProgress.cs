using System;
using System.Globalization;
using System.IO;
using System.Threading;
using Cleave.Tool.Measuring;
using Cleave.Tool.Output;
using Spectre.Console;

namespace Cleave.Tool.Benching;

/// <summary>Tells how far a measurement is and how long it takes: a bar on a terminal, one line anywhere else.</summary>
internal static class BenchProgress
{
    public static BenchReport Show(BenchRun run, TextWriter error, CancellationToken cancellationToken) =>
        Terminal.IsWatched(error)
            ? WithBar(run, error, cancellationToken)
            : run.Measure(WithLine(run, error), cancellationToken);

    private static Action<MeasureProgress> WithLine(BenchRun run, TextWriter error)
    {
        bool begun = false, said = false;
        return progress =>
        {
            if (!begun)
                error.Write(string.Create(CultureInfo.InvariantCulture, $"starting {run.Candidates} candidates\n"));
            begun = true;
            if (said || progress.Left is not { } left)
                return;
            said = true;
            error.Write(string.Create(CultureInfo.InvariantCulture, $"measuring {run.Candidates} candidates in {run.Settings.Rounds} rounds: about {InWords(left)}{OrLonger(run.Settings)}\n"));
        };
    }

    private static BenchReport WithBar(BenchRun run, TextWriter error, CancellationToken cancellationToken)
    {
        return Terminal.ForProgress(error).Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask("starting");
                return run.Measure(
                    progress =>
                    {
                        task.Description = progress.Left is { } left
                            ? $"about {InWords(left)} left{OrLonger(run.Settings)}"
                            : "starting " + Markup.Escape(progress.What);
                        task.Value = progress.Of == 0 ? 0 : 100.0 * progress.Done / progress.Of;
                    },
                    cancellationToken);
            });
    }

    private static string OrLonger(MeasureSettings settings) =>
        settings.Extension > 1 ? string.Create(CultureInfo.InvariantCulture, $", up to {settings.Extension} times as long where the machine is not quiet") : "";

    private static string InWords(TimeSpan time) => time.TotalSeconds < 90
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, time.TotalSeconds):0} s")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0} min");
}
