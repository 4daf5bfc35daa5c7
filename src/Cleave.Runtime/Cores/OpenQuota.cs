using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace Cleave.Cores;

/// <summary>
/// How much processor time the control groups leave, to be read again and again: the files stay open, and nothing is allocated while the process
/// stays in its groups, but once in a while, when the files are looked for again: a limit may be set later, and its file appear only then. Not thread-safe.
/// </summary>
internal sealed class OpenQuota(ProcessFiles files, TimeProvider clock) : IDisposable
{
    /// <summary>So long a file that was not there before is not noticed.</summary>
    internal static readonly TimeSpan Period = TimeSpan.FromSeconds(30);

    private readonly List<(SafeFileHandle Quota, SafeFileHandle? Period)> _limits = [];
    private SafeFileHandle? _groups = files.Open(ControlGroups.Own);
    // What the files were found by; as much of it as tells one set of groups from another.
    private readonly byte[] _foundBy = new byte[1024];
    private int _foundLength = -1;
    private long _found;

    /// <summary>In processors, the smallest limit of all groups; null where nothing limits.</summary>
    public double? Read()
    {
        Span<byte> groups = stackalloc byte[_foundBy.Length];
        int length = _groups is null ? 0 : Read(_groups, groups);
        bool searches = length != _foundLength || !groups[..length].SequenceEqual(_foundBy.AsSpan(0, length)) || clock.GetElapsedTime(_found) > Period;
        if (searches)
        {
            Open();
            groups[..length].CopyTo(_foundBy);
            _foundLength = length;
        }
        if (TrySmallest(out double? smallest) || searches)
            return smallest;
        Open();
        TrySmallest(out smallest);
        return smallest;
    }

    // False where a file could not be read: the group is gone, or another of its name has taken its place.
    private bool TrySmallest(out double? smallest)
    {
        smallest = null;
        bool isRead = true;
        foreach ((SafeFileHandle quota, SafeFileHandle? period) in _limits)
        {
            isRead &= TryLimit(quota, period, out double? limit);
            if (limit is { } cpus && !(smallest <= cpus))
                smallest = cpus;
        }
        return isRead;
    }

    public void Dispose()
    {
        Close();
        _groups?.Dispose();
    }

    private void Open()
    {
        Close();
        _found = clock.GetTimestamp();
        _groups ??= files.Open(ControlGroups.Own);
        foreach (LimitFile file in CgroupQuota.Files(files))
        {
            SafeFileHandle? period = file.Period is { } path ? files.Open(path) : null;
            if ((file.Period is null || period != null) && files.Open(file.Quota) is { } quota)
                _limits.Add((quota, period));
            else
                period?.Dispose();
        }
    }

    private void Close()
    {
        foreach ((SafeFileHandle quota, SafeFileHandle? period) in _limits)
        {
            quota.Dispose();
            period?.Dispose();
        }
        _limits.Clear();
    }

    private static bool TryLimit(SafeFileHandle quota, SafeFileHandle? period, out double? limit)
    {
        Span<byte> first = stackalloc byte[64], second = stackalloc byte[64];
        ReadOnlySpan<byte> text = first[..Read(quota, first)].Trim(" \n"u8);
        if (period is null)
        {
            int space = text.IndexOf((byte)' ');
            limit = space < 0 ? null : Ratio(text[..space], text[(space + 1)..]);
            return !text.IsEmpty;
        }
        ReadOnlySpan<byte> length = second[..Read(period, second)].Trim(" \n"u8);
        limit = Ratio(text, length);
        return !text.IsEmpty && !length.IsEmpty;
    }

    // "max" and -1 mean no limit.
    private static double? Ratio(ReadOnlySpan<byte> quota, ReadOnlySpan<byte> period) =>
        long.TryParse(quota, NumberStyles.Integer, CultureInfo.InvariantCulture, out long q) && q > 0
        && long.TryParse(period, NumberStyles.Integer, CultureInfo.InvariantCulture, out long p) && p > 0
            ? (double)q / p
            : null;

    private static int Read(SafeFileHandle handle, Span<byte> into)
    {
        try
        {
            return RandomAccess.Read(handle, into, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The group is gone: it limits nothing any more.
            return 0;
        }
    }
}
