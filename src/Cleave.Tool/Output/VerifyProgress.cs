using System;
using System.IO;
using Spectre.Console;

namespace Cleave.Tool.Output;

/// <summary>A progress bar on a person's terminal; nothing elsewhere.</summary>
internal static class VerifyProgress
{
    /// <param name="target">Where the bar goes.</param>
    /// <param name="run">Told what is being done, and how much of all is done.</param>
    public static T Show<T>(TextWriter target, Func<Action<string, double>, T> run)
    {
        if (!Terminal.IsWatched(target))
            return run(static (_, _) => { });
        return Terminal.ForProgress(target).Progress().AutoClear(true).Start(context =>
        {
            ProgressTask task = context.AddTask("verify");
            return run((what, part) =>
            {
                task.Description = Markup.Escape(what);
                task.Value = part * 100;
            });
        });
    }
}
