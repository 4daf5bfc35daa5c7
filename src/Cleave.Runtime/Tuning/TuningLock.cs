using System;
using System.IO;
using System.Threading;
using Cleave.Prepared.Making;
using Cleave.Sources;

namespace Cleave.Tuning;

/// <summary>
/// One process at a time writes a tuning file, and one at a time tunes for a folder. The system's lock goes with its holder, however that ends; its file, which is beside what it is for, is
/// deleted then. Where a folder allows no such file, it goes without.
/// </summary>
internal static class TuningLock
{
    private const string Ending = ".lock";
    private const string Turn = ".tuning";

    // A file is written in milliseconds: who takes so long hangs.
    private static readonly TimeSpan LongestWrite = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan WriteStep = TimeSpan.FromMilliseconds(20);

    // Another one measures for seconds.
    private static readonly TimeSpan MeasureStep = TimeSpan.FromMilliseconds(250);

    /// <summary>To read a tuning file and write it, until it is disposed; null where it cannot be had.</summary>
    public static IDisposable? ToWrite(string path) => Wait(path, LongestWrite, WriteStep, CancellationToken.None);

    /// <summary>To measure for a folder, until it is disposed; null where there can be no such lock.</summary>
    /// <exception cref="OperationCanceledException">Another process measured until <paramref name="token"/> was cancelled.</exception>
    public static IDisposable? ToMeasure(string folder, CancellationToken token) => Wait(Path.Combine(folder, Turn), Timeout.InfiniteTimeSpan, MeasureStep, token);

    private static IDisposable? Wait(string path, TimeSpan most, TimeSpan step, CancellationToken token)
    {
        // A bare name has no folder otherwise.
        path = Path.GetFullPath(path);
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                // Null: its holder deleted it between this one's opening and locking it. There is another one, or none.
                if (TryTake(path + Ending) is { } held)
                    return held;
            }
            catch (IOException e) when (FolderLock.IsHeld(e))
            {
                // Another one has it.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
            if (most != Timeout.InfiniteTimeSpan && TimeProvider.System.GetElapsedTime(start) > most)
                return null;
            token.WaitHandle.WaitOne(step);
            token.ThrowIfCancellationRequested();
        }
    }

    // Null where what was locked is not the file of that name any more.
    private static IDisposable? TryTake(string path)
    {
        // Windows deletes it as it is closed; elsewhere that is two steps, and the name may be another one's file by the first.
        FileOptions options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None;
        FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, options);
        if (OperatingSystem.IsWindows())
            return file;
        if (Has(path, file))
            return new Holder(path, file);
        file.Dispose();
        return null;
    }

    private static bool Has(string path, FileStream file) => Has(path, LinuxStat.Of((int)file.SafeFileHandle.DangerousGetHandle())?.Identity);

    /// <summary>
    /// Whether the name is still that of the file that was locked. Where the system does not say which file that is (null), it is if there is one: it cannot be opened to compare, since it is
    /// locked.
    /// </summary>
    internal static bool Has(string path, FileIdentity? locked) => locked is { } known ? LinuxStat.Of(path)?.Identity == known : File.Exists(path);

    private sealed class Holder(string path, FileStream file) : IDisposable
    {
        public void Dispose()
        {
            // While it is locked: nobody else deletes it.
            try
            {
                if (Has(path, file))
                    File.Delete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It stays, and locks nobody out.
            }
            finally
            {
                file.Dispose();
            }
        }
    }
}
