using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Security.Cryptography;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;

namespace Cleave.Prepared;

/// <summary>SHA-256 of files, and of the edges of what lies in them.</summary>
internal static class Hashes
{
    // As many bytes at each end of a tensor. Retraining changes every weight, and its first and last byte with it.
    private const int Edge = 64;

    private const int Block = 1 << 18;

    public static string Text(byte[] hash) => Convert.ToHexString(hash).ToLowerInvariant();

    public static string Of(byte[] bytes) => Text(SHA256.HashData(bytes));

    /// <summary>Of everything in a source.</summary>
    public static string Of(ByteSource source)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, source);
        return Text(hash.GetHashAndReset());
    }

    public static void Append(IncrementalHash hash, ByteSource source)
    {
        byte[] buffer = new byte[Block];
        long at = 0;
        while (source.Read(at, buffer, 0, buffer.Length) is > 0 and int read)
        {
            hash.AppendData(buffer, 0, read);
            at += read;
        }
    }

    /// <summary>Of the lengths of ranges, and of the first and last 64 bytes of each.</summary>
    public static void AppendEdges(IncrementalHash hash, ByteSource source, IEnumerable<ByteRange> ranges)
    {
        byte[] buffer = new byte[8 + 2 * Edge];
        foreach (ByteRange range in ranges)
        {
            BinaryPrimitives.WriteInt64LittleEndian(buffer, range.Length);
            int used = 8;
            if (range.Length <= 2 * Edge)
            {
                used += Read(source, range.Offset, buffer, used, (int)range.Length);
            }
            else
            {
                used += Read(source, range.Offset, buffer, used, Edge);
                used += Read(source, range.End - Edge, buffer, used, Edge);
            }
            hash.AppendData(buffer, 0, used);
        }
    }

    private static int Read(ByteSource source, long offset, byte[] buffer, int start, int count)
    {
        source.ReadAll(offset, buffer, start, count);
        return count;
    }
}
