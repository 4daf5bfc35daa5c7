using System;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Cleave.Benchmarks.Prepared;

/// <summary>What the system keeps of files in memory. On Linux only.</summary>
internal static partial class PageCache
{
    private const int DoNotNeed = 4;

    /// <summary>Whether files can be dropped from it.</summary>
    public static bool CanDrop => OperatingSystem.IsLinux();

    /// <summary>Drops every file of a folder that nothing has mapped: the next to read them reads the disk.</summary>
    public static void Drop(string folder, string pattern = "*")
    {
        foreach (string file in Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories))
        {
            using SafeFileHandle handle = File.OpenHandle(file, options: FileOptions.None);
            int error = posix_fadvise(handle, 0, 0, DoNotNeed);
            if (error != 0)
                throw new Win32Exception(error, file);
        }
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int posix_fadvise(SafeFileHandle file, long offset, long length, int advice);
}
