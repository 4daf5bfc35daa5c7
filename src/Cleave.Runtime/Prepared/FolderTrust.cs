using System;
using System.Runtime.InteropServices;
using Cleave.Sources;

namespace Cleave.Prepared;

/// <summary>
/// Who may have written what ONNX Runtime is to map: prepared weights are as good as code. On Linux the owner must be this user or root, and nobody else may be able to write. Other
/// systems protect a user's and an application's folders in their own ways, which are not looked at.
/// </summary>
/// <param name="AllowsGroup">Whether the group may be able to write.</param>
internal sealed record FolderTrust(bool AllowsGroup)
{
    private const int GroupWrites = 0x10;
    private const int OthersWrite = 0x2;
    private const int MayWrite = 2;

    private static readonly Lazy<uint?> User = new(static () => OperatingSystem.IsLinux() ? geteuid() : null);

    /// <summary>Why a file or folder is not to be trusted; null where it is.</summary>
    public string? WhyNot(string path)
    {
        if (LinuxStat.Of(path) is not { } found)
            return null;
        if (found.Owner != 0 && found.Owner != User.Value)
            return path + " belongs to another user";
        if ((found.Mode & OthersWrite) != 0)
            return "every user can write to " + path;
        return (found.Mode & GroupWrites) != 0 && !AllowsGroup
            ? "a group can write to " + path + "; where that is as it should be, set RunnerOptions.PreparedTrustGroup"
            : null;
    }

    /// <summary>Whether this process could have written to a folder.</summary>
    public static bool CanWrite(string folder)
    {
        if (OperatingSystem.IsWindows())
            return true;
        nint text = Marshal.StringToCoTaskMemUTF8(folder);
        try
        {
            return access(text, MayWrite) == 0;
        }
        finally
        {
            Marshal.FreeCoTaskMem(text);
        }
    }

    [DllImport("libc")]
    private static extern uint geteuid();

    [DllImport("libc")]
    private static extern int access(nint path, int mode);
}
