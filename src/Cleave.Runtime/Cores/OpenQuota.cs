using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace Cleave.Cores;

/// <summary>
/// How much processor time the control groups leave, to be read again and again: the files stay open, and nothing is allocated while the process
/// stays in its groups. Not thread-safe.
/// </summary>
internal sealed class OpenQuota(ProcessFiles files) : IDisposable
{
    private readonly List<(SafeFileHandle Quota, SafeFileHandle? Period)> _limits = [];
    private readonly SafeFileHandle? _groups = files.Open(ControlGroups.Own);
    // What the files were found by; as much of it as tells one set of groups from another.
    private readonly byte[] _foundBy = new byte[1024];
    private int _foundLength = -1;

    /// <summary>In processors, the smallest limit of all groups; null where nothing limits.</summary>
    public double? Read()
    {
        Span<byte> groups = stackalloc byte[_foundBy.Length];
        int length = _groups is null ? 0 : Read(_groups, groups);
        if (length != _foundLength || !groups[..length].SequenceEqual(_foundBy.AsSpan(0, length)))
        {
            Open();
            groups[..length].CopyTo(_foundBy);
            _foundLength = length;
        }
        double? smallest = null;
        foreach ((SafeFileHandle quota, SafeFileHandle? period) in _limits)
        {
            if (Limit(quota, period) is { } cpus && !(smallest <= cpus))
                smallest = cpus;
        }
        return smallest;
    }

    public void Dispose()
    {
        Close();
        _groups?.Dispose();
    }

    private void Open()
    {
        Close();
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

    private static double? Limit(SafeFileHandle quota, SafeFileHandle? period)
    {
        Span<byte> first = stackalloc byte[64], second = stackalloc byte[64];
        ReadOnlySpan<byte> text = first[..Read(quota, first)].Trim(" \n"u8);
        if (period != null)
            return Ratio(text, second[..Read(period, second)].Trim(" \n"u8));
        int space = text.IndexOf((byte)' ');
        return space < 0 ? null : Ratio(text[..space], text[(space + 1)..]);
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
