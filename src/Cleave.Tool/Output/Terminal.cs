using System;
using System.IO;
using Cleave.Generator.Emit;
using Spectre.Console;

namespace Cleave.Tool.Output;

/// <summary>What is special about writing to people's terminals.</summary>
internal static class Terminal
{
    private const int LongestText = 1000;

    // Wide enough that nothing wraps: redirected output is read by programs, or later by people.
    private const int UnlimitedWidth = 100_000;

    /// <summary>Colours and the window's width for a terminal; plain, unwrapped text for anything else.</summary>
    public static IAnsiConsole For(TextWriter output)
    {
        if (ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected)
            return AnsiConsole.Console;
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        console.Profile.Width = UnlimitedWidth;
        return console;
    }

    /// <summary>Whether a person sees what is written there.</summary>
    public static bool IsWatched(TextWriter error) => ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected;

    /// <summary>Where progress is shown: beside the output, so that this can be redirected. Nothing moves where nobody looks.</summary>
    public static IAnsiConsole ForProgress(TextWriter error) => IsWatched(error)
        ? AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) })
        : For(error);

    /// <summary>Text from a model on one line, without characters that steer a terminal or reorder what is shown.</summary>
    public static string Safe(string text, int longest = LongestText) => SafeText.OneLine(text, longest);
}
