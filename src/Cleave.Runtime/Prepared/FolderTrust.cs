using System;
using System.IO;
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

    /// <summary>Why a file or folder is not to be trusted; null where it is, and where there is nothing.</summary>
    public string? WhyNot(string path) => OperatingSystem.IsLinux() ? WhyNot(path, LinuxStat.Of(path)) : null;

    /// <param name="path">The file or folder.</param>
    /// <param name="looked">What the system says of it; null where it says nothing.</param>
    public string? WhyNot(string path, LinuxStat? looked)
    {
        if (looked is not { } found)
            return Path.Exists(path) ? "the system does not say who can write to " + path + " (statx), so it is not used" : null;
        if (found.Owner != 0 && found.Owner != User.Value)
            return path + " belongs to another user; prepare as the user who runs the application or as root, or give it to one of them (chown)";
        if ((found.Mode & OthersWrite) != 0)
            return "every user can write to " + path + "; forbid it (chmod o-w), and prepare anew if you do not know who did";
        return (found.Mode & GroupWrites) != 0 && !AllowsGroup
            ? "a group can write to " + path + "; where that is as it should be, set RunnerOptions.PreparedTrustGroup, or give --trust-group to cleave prepare"
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
