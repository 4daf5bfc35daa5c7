using System;
using System.Globalization;

namespace Cleave.Build;

/// <summary>Why a file beside a model cannot be read. The framework's messages hold the absolute path, which must not reach a listing.</summary>
internal static class UnreadableFile
{
    public static string Why(Exception e) => e is UnauthorizedAccessException
        ? "access is denied"
        : string.Format(CultureInfo.InvariantCulture, "the system reports error 0x{0:X8}", e.HResult);
}
