using System;
using System.Globalization;
using System.IO;

namespace Cleave.Build;

/// <summary>Why a file beside a model cannot be read. The framework's messages hold the absolute path, which must not reach a listing.</summary>
internal static class UnreadableFile
{
    public static string Why(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => "it is not there",
        UnauthorizedAccessException => "access is denied",
        _ => string.Format(CultureInfo.InvariantCulture, "the system reports error 0x{0:X8}. Check whether another program holds it", e.HResult),
    };
}
