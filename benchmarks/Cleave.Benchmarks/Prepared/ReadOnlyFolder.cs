using System;
using System.Diagnostics;
using System.IO;

namespace Cleave.Benchmarks.Prepared;

/// <summary>A copy of a folder that nobody can write to, as in an image: other inodes and times. Root can write whatever the permissions say, so for it the copy is mounted read-only.</summary>
internal sealed class ReadOnlyFolder : IDisposable
{
    private readonly DirectoryInfo _copy = Directory.CreateTempSubdirectory("cleave-copied-");
    private readonly bool _isMounted;

    public ReadOnlyFolder(string original)
    {
        foreach (string file in Directory.GetFiles(original, "*", SearchOption.AllDirectories))
        {
            string to = System.IO.Path.Combine(Path, System.IO.Path.GetRelativePath(original, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
        if (!OperatingSystem.IsLinux())
            return;
        _isMounted = Environment.IsPrivilegedProcess && Mount("--bind", Path, Path);
        if (_isMounted && !Mount("-o", "remount,ro,bind", Path))
            throw new IOException("the copy cannot be mounted read-only");
        if (!_isMounted)
        {
            foreach (string entry in Directory.GetDirectories(Path))
                File.SetUnixFileMode(entry, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }

    public string Path => _copy.FullName;

    public void Dispose()
    {
        if (_isMounted)
            Run("umount", Path);
        if (!OperatingSystem.IsWindows() && !_isMounted)
        {
            foreach (string entry in Directory.GetDirectories(Path))
                File.SetUnixFileMode(entry, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        _copy.Delete(recursive: true);
    }

    private static bool Mount(params string[] arguments) => Run("mount", arguments);

    private static bool Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
