using System;
using System.IO;

namespace Cleave.Tool.Tuning;

/// <summary>Whether a tuning file can be written: asked before minutes of measuring.</summary>
internal static class WritableTuning
{
    /// <param name="file">The file.</param>
    /// <exception cref="RefusedException">It cannot.</exception>
    public static void Check(string file)
    {
        if (Directory.Exists(file))
            throw new RefusedException($"{file} is a folder, and what is measured is written into a file of that name. Move it away.");
        if (WriteTrial.WhyNot(file, $"{file}.{Guid.NewGuid():N}.try") is { } whyNot)
            throw new RefusedException($"{file} cannot be written, so nothing was measured: {whyNot} Make the folder writable, or give a copy in one that is.");
    }
}
