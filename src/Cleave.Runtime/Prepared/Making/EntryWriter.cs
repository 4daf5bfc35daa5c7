using System;
using System.IO;
using System.Runtime.InteropServices;

namespace Cleave.Prepared.Making;

/// <summary>
/// Makes the folder of an entry as a whole: under a temporary name, which is given up where anything fails, and under its own when all of it is on the disk.
/// </summary>
internal sealed class EntryWriter : IDisposable
{
    /// <summary>How temporary names begin. What a killed process left is deleted by the next that holds the lock.</summary>
    public const string TemporaryPrefix = ".making-";

    private const string TemporaryDigits = "N";

    // EXDEV, which has one number on every Unix.
    private const int OtherDevice = 18;

    private const UnixFileMode OwnFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode AllFolder = OwnFolder | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
    private const UnixFileMode OwnFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode AllFile = OwnFile | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly string _path;
    private readonly bool _isForAll;

    /// <param name="folder">The folder of all entries.</param>
    /// <param name="name">The entry's name.</param>
    /// <param name="isForAll">Whether all users may read it.</param>
    public EntryWriter(string folder, string name, bool isForAll)
    {
        _path = Path.Combine(folder, name);
        _isForAll = isForAll;
        Temporary = MakeFolder(Path.Combine(folder, TemporaryPrefix + Guid.NewGuid().ToString(TemporaryDigits)), isForAll);
    }

    /// <summary>Where the files are made.</summary>
    public string Temporary { get; }

    /// <summary>Where one lies.</summary>
    public string this[string file] => Path.Combine(Temporary, file);

    /// <summary>Whether a folder is one that an entry was made in, by its name.</summary>
    public static bool IsTemporary(string name) => name.StartsWith(TemporaryPrefix, StringComparison.Ordinal) && Guid.TryParseExact(name[TemporaryPrefix.Length..], TemporaryDigits, out _);

    /// <summary>Makes a folder, if there is none.</summary>
    public static string MakeFolder(string path, bool isForAll)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path, isForAll ? AllFolder : OwnFolder);
            // The process's mask took some of it.
            if (isForAll)
                File.SetUnixFileMode(path, AllFolder);
        }
        return path;
    }

    /// <summary>Has a file's bytes reach the disk, and gives it the permissions it is to have.</summary>
    public void Finish(string file)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(this[file], _isForAll ? AllFile : OwnFile);
        using FileStream stream = new(this[file], FileMode.Open, FileAccess.ReadWrite);
        stream.Flush(flushToDisk: true);
    }

    public void Write(string file, byte[] bytes)
    {
        File.WriteAllBytes(this[file], bytes);
        Finish(file);
    }

    /// <summary>Gives the folder its name; an entry that has it is replaced.</summary>
    /// <exception cref="IOException">Another process was faster.</exception>
    public void Commit()
    {
        FlushFolder(Temporary);
        string? old = Directory.Exists(_path) ? MoveAway() : null;
        Directory.Move(Temporary, _path);
        FlushFolder(Path.GetDirectoryName(_path)!);
        if (old != null)
            TryDelete(old);
    }

    // Where some process still has a file of it, the next that holds the lock tidies it away.
    private static void TryDelete(string old)
    {
        try
        {
            Directory.Delete(old, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // By its name it is no entry any more.
        }
    }

    // What is replaced was refused, or is about to be: nobody misses it. Where it cannot be moved, it stays whole: some process has it open, on Windows.
    private string? MoveAway()
    {
        string old = Path.Combine(Path.GetDirectoryName(_path)!, TemporaryPrefix + Guid.NewGuid().ToString(TemporaryDigits));
        try
        {
            Directory.Move(_path, old);
            return old;
        }
        catch (IOException e) when (e.HResult == OtherDevice && !OperatingSystem.IsWindows())
        {
            // A container's file system does not rename the folders of its image; it deletes them.
            Directory.Delete(_path, recursive: true);
            return null;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(_path + " cannot be replaced; a process may have it open: " + e.Message, e);
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(Temporary))
            Directory.Delete(Temporary, recursive: true);
    }

    // The name of a file is in its folder, which is written by itself. Other systems than Linux have no such call, or need none.
    private static void FlushFolder(string folder)
    {
        if (!OperatingSystem.IsLinux())
            return;
        nint text = Marshal.StringToCoTaskMemUTF8(folder);
        try
        {
            int descriptor = open(text, 0);
            if (descriptor < 0)
                throw new IOException(folder + " cannot be opened");
            // A file system that cannot do this to a folder says so, and keeps the names all the same.
            fsync(descriptor);
            close(descriptor);
        }
        finally
        {
            Marshal.FreeCoTaskMem(text);
        }
    }

    [DllImport("libc")]
    private static extern int open(nint path, int flags);

    [DllImport("libc")]
    private static extern int fsync(int descriptor);

    [DllImport("libc")]
    private static extern int close(int descriptor);
}
