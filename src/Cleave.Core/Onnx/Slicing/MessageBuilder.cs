using System;
using System.Collections.Generic;
using System.Text;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx.Slicing;

/// <summary>
/// A protobuf message to be written: its own small fields, and pieces of files that are read only when
/// the whole is, into an array whose length is known by then. Weights are so copied exactly once.
/// </summary>
internal sealed class MessageBuilder
{
    /// <summary>Neither an array nor a protobuf message can be longer.</summary>
    public const long LongestMessage = 0x7FFFFFC7;

    private readonly List<Piece> _pieces = [];
    private byte[] _own = new byte[256];
    private int _ownUsed;

    // Own bytes that no piece holds yet start here.
    private int _ownTaken;

    public long Length { get; private set; }

    public void Clear()
    {
        _pieces.Clear();
        _ownUsed = _ownTaken = 0;
        Length = 0;
    }

    public void Number(int tag, long value)
    {
        Varint((ulong)tag);
        Varint(unchecked((ulong)value));
    }

    public void Single(int tag, float value)
    {
        Varint((ulong)tag);
        byte[] bytes = BitConverter.GetBytes(value);
        if (!BitConverter.IsLittleEndian)
            Array.Reverse(bytes);
        Reserve(bytes.Length);
        Buffer.BlockCopy(bytes, 0, _own, _ownUsed, bytes.Length);
        _ownUsed += bytes.Length;
        Length += bytes.Length;
    }

    /// <summary>A text; nothing where it is empty, which is what leaving it out means.</summary>
    public void Text(int tag, string text)
    {
        if (text.Length > 0)
            Bytes(tag, Encoding.UTF8.GetBytes(text));
    }

    public void Bytes(int tag, byte[] bytes)
    {
        Header(tag, bytes.Length);
        Reserve(bytes.Length);
        Buffer.BlockCopy(bytes, 0, _own, _ownUsed, bytes.Length);
        _ownUsed += bytes.Length;
        Length += bytes.Length;
    }

    /// <summary>A field whose content stands in a file.</summary>
    public void Copy(int tag, ByteSource source, ByteRange range)
    {
        Header(tag, range.Length);
        Append(source, range);
    }

    /// <summary>All fields of a message that stands in a file.</summary>
    public void Append(ByteSource source, ByteRange range)
    {
        if (range.Length == 0)
            return;
        CloseOwn();
        _pieces.Add(new Piece(source, range.Offset, range.Length));
        Length += range.Length;
    }

    public void Message(int tag, MessageBuilder inner)
    {
        Header(tag, inner.Length);
        int start = 0;
        foreach (Piece piece in inner._pieces)
        {
            if (piece.Source is { } source)
                Append(source, new ByteRange(piece.Offset, piece.Length));
            else
                AppendOwn(inner, (int)piece.Offset, (int)piece.Length, ref start);
        }
        AppendOwn(inner, start, inner._ownUsed - start, ref start);
    }

    /// <summary>The message's bytes; the caller has checked <see cref="Length"/>.</summary>
    public byte[] ToArray()
    {
        CloseOwn();
#if NET
        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked((int)Length));
#else
        byte[] bytes = new byte[checked((int)Length)];
#endif
        int at = 0;
        foreach (Piece piece in _pieces)
        {
            if (piece.Source is { } source)
                source.ReadAll(piece.Offset, bytes, at, (int)piece.Length);
            else
                Buffer.BlockCopy(_own, (int)piece.Offset, bytes, at, (int)piece.Length);
            at += (int)piece.Length;
        }
        return bytes;
    }

    private void AppendOwn(MessageBuilder inner, int from, int count, ref int end)
    {
        Reserve(count);
        Buffer.BlockCopy(inner._own, from, _own, _ownUsed, count);
        _ownUsed += count;
        Length += count;
        end = from + count;
    }

    private void CloseOwn()
    {
        if (_ownUsed > _ownTaken)
            _pieces.Add(new Piece(null, _ownTaken, _ownUsed - _ownTaken));
        _ownTaken = _ownUsed;
    }

    private void Header(int tag, long length)
    {
        Varint((ulong)tag);
        Varint((ulong)length);
    }

    private void Varint(ulong value)
    {
        Reserve(10);
        int start = _ownUsed;
        for (; value >= 0x80; value >>= 7)
            _own[_ownUsed++] = (byte)(value | 0x80);
        _own[_ownUsed++] = (byte)value;
        Length += _ownUsed - start;
    }

    private void Reserve(int count)
    {
        if (_ownUsed + count > _own.Length)
            Array.Resize(ref _own, Math.Max(_own.Length * 2, _ownUsed + count));
    }

    // Of this message's own bytes where Source is null.
    private readonly record struct Piece(ByteSource? Source, long Offset, long Length);
}
