using System;
using System.Globalization;
using System.IO;

namespace Cleave.Core.Diagnostics;

/// <summary>Why a file cannot be read, and what to do. The framework's messages hold the absolute path, which must not reach a listing.</summary>
internal static class UnreadableFile
{
    public static string Why(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => "it is not there",
        UnauthorizedAccessException => "access is denied. Check its permissions",
        PathTooLongException => "its path is too long. Move it to a shorter one",
        ArgumentException or NotSupportedException => "its path is not valid. Give one that the system can open",
        _ => string.Format(CultureInfo.InvariantCulture, "the system reports error 0x{0:X8}. Check whether another program holds it", e.HResult),
    };
}
