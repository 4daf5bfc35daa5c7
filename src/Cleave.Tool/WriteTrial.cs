using System;
using System.IO;

namespace Cleave.Tool;

/// <summary>Whether a file can be written: asked before minutes of comparing and measuring.</summary>
internal static class WriteTrial
{
    /// <summary>Why not; null where it can.</summary>
    /// <param name="file">The file, of which the answer speaks.</param>
    /// <param name="draft">What is made and deleted in its stead.</param>
    public static string? WhyNot(string file, string draft)
    {
        try
        {
            File.Create(draft).Dispose();
            File.Delete(draft);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message.Replace(draft, file, StringComparison.Ordinal);
        }
    }
}
