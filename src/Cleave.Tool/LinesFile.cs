using System;
using System.IO;
using Cleave.Core.Listing;

namespace Cleave.Tool;

/// <summary>Reads files of lines (listings, tuning files). Several may be read, so a damaged one is named.</summary>
internal static class LinesFile
{
    /// <summary>What to do about a listing.</summary>
    public const string BuildAgain = "build the project again";

    // What others measured is not thrown away because of a broken line.
    private const string Correct = "correct or delete it";

    /// <param name="path">The file, as it was given.</param>
    /// <param name="read">Takes its text apart.</param>
    /// <param name="advice">What to do where it is damaged; null: what one does with a tuning file.</param>
    /// <exception cref="DamagedFileException">It is damaged.</exception>
    public static T Read<T>(string path, Func<string, T> read, string? advice = null)
    {
        try
        {
            return read(File.ReadAllText(path));
        }
        catch (ListingException e)
        {
            throw new DamagedFileException(e.IsLater ? $"{path} cannot be read ({e.Message})." : $"{path} is damaged ({e.Message}); {advice ?? Correct}.", e);
        }
    }
}

/// <summary>A file of lines that cannot be read.</summary>
internal sealed class DamagedFileException(string message, Exception inner) : CommandException(message, inner);
