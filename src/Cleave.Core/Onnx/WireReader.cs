using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>
/// Reads protobuf's wire format through one small buffer. Lengths are checked against the enclosing message
/// before anything is done with them; what is skipped is not read.
/// </summary>
internal sealed class WireReader
{
    /// <summary>Longer names are refused: no exporter writes them.</summary>
    public const int LongestName = 1 << 20;

    /// <summary>Longer descriptions and metadata are cut.</summary>
    public const int LongestProse = 1 << 16;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly ByteSource _source;
    private readonly CancellationToken _cancellation;
    private readonly NameTable _names = new();
    private readonly byte[] _buffer = new byte[8192];
    private long _bufferStart;
    private int _filled;
    private int _at;
    private int _stop;
    private long _limit;

    public WireReader(ByteSource source, CancellationToken cancellation)
    {
        _source = source;
        _cancellation = cancellation;
        _limit = source.Length;
    }

    public long Position => _bufferStart + _at;

    /// <summary>Field number and wire type of the current field.</summary>
    public int Tag { get; private set; }

    /// <summary>Goes to the next field of the current message; false at its end.</summary>
    public bool Next()
    {
        if (Position >= _limit)
            return false;
        long start = Position;
        ulong tag = Varint();
        if (tag is < 8 or > uint.MaxValue)
            throw Malformed(start, "a field has no valid number");
        Tag = unchecked((int)tag);
        return true;
    }

    [MethodImpl(JustInTime.Optimized)]
    public ulong Varint()
    {
        long start = Position;
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte b = NextByte();
            if (shift == 63 && b > 1)
                break;
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return value;
        }
        throw Malformed(start, "a number has more than 64 bits");
    }

    public long Int64() => unchecked((long)Varint());

    // Protobuf keeps the low 32 bits of what was written as a longer number.
    public int Int32() => unchecked((int)Varint());

    public bool AtEnd => Position >= _limit;

    public float Float()
    {
        uint bits = 0;
        for (int shift = 0; shift < 32; shift += 8)
            bits |= (uint)NextByte() << shift;
        unsafe
        {
            return *(float*)&bits;
        }
    }

    /// <summary>Enters the message of the current field; <see cref="Leave"/> takes what this returns.</summary>
    public long Enter()
    {
        long length = Length();
        long outer = _limit;
        SetLimit(Position + length);
        return outer;
    }

    /// <summary>The bytes left of the message just entered.</summary>
    public ByteRange Rest => new(Position, _limit - Position);

    /// <summary>Goes to a message that was passed over before; only what it holds can be read from then on.</summary>
    public void GoTo(ByteRange message)
    {
        SeekTo(message.Offset);
        SetLimit(message.End);
    }

    public void Leave(long outer)
    {
        SeekTo(_limit);
        SetLimit(outer);
    }

    /// <summary>Passes over the bytes of the current field and tells where they are.</summary>
    public ByteRange Pass()
    {
        long length = Length();
        ByteRange range = new(Position, length);
        SeekTo(range.End);
        return range;
    }

    /// <summary>
    /// Copies the content of the current field into <paramref name="target"/> and stays where it is;
    /// -1 where it is longer than that.
    /// </summary>
    public int Peek(byte[] target)
    {
        long start = Position;
        long length = Length();
        int count = length <= target.Length ? (int)length : -1;
        if (count > 0)
        {
            byte[] bytes = Contiguous(count, out int at);
            Buffer.BlockCopy(bytes, at, target, 0, count);
        }
        SeekTo(start);
        return count;
    }

    /// <summary>Passes over the current field, whatever it is.</summary>
    public void Skip()
    {
        switch (Tag & 7)
        {
            case Tags.Varint:
                Varint();
                break;
            case Tags.Fixed64:
                Pass(8);
                break;
            case Tags.Fixed32:
                Pass(4);
                break;
            case Tags.Bytes:
                Pass();
                break;
            default:
                throw Malformed(Position, "a field has the wire type " + (Tag & 7).ToString(CultureInfo.InvariantCulture) + ", which ONNX does not use");
        }
    }

    /// <summary>Passes over a number of bytes of the current message.</summary>
    public void Pass(int count)
    {
        Check(count);
        SeekTo(Position + count);
    }

    /// <summary>A name: must be UTF-8, since it is written again when the model is sliced.</summary>
    public string Name()
    {
        long start = Position;
        long length = Length();
        if (length > LongestName)
            throw Malformed(start, "a name has " + length.ToString(CultureInfo.InvariantCulture) + " bytes");
        return Decode((int)length) ?? throw Malformed(start, "a name is not UTF-8");
    }

    /// <summary>A description or metadata: cut where it is very long, and any bytes will do.</summary>
    public string Prose(int longest = LongestProse)
    {
        long length = Length();
        long end = Position + length;
        int count = (int)Math.Min(length, longest);
        byte[] bytes = Contiguous(count, out int at);
        string text = Encoding.UTF8.GetString(bytes, at, count);
        SeekTo(end);
        // The cut may have split a character.
        return length > longest ? text.TrimEnd('\uFFFD') + "…" : text;
    }

    /// <summary>A StringStringEntryProto, and where it stands.</summary>
    public (string Key, string Value, ByteRange Message) Entry()
    {
        string key = "", value = "";
        long outer = Enter();
        ByteRange message = Rest;
        while (Next())
        {
            if (Tag == Tags.Entry.Key)
                key = Prose();
            else if (Tag == Tags.Entry.Value)
                value = Prose();
            else
                Skip();
        }
        Leave(outer);
        return (key, value, message);
    }

    public void PackedInt64(List<long> target)
    {
        long outer = Enter();
        while (!AtEnd)
            target.Add(Int64());
        Leave(outer);
    }

    public double Double()
    {
        ulong bits = 0;
        for (int shift = 0; shift < 64; shift += 8)
            bits |= (ulong)NextByte() << shift;
        return BitConverter.Int64BitsToDouble(unchecked((long)bits));
    }

    public byte OneByte() => NextByte();

    public void PackedFloat(List<float> target)
    {
        long outer = Enter();
        while (!AtEnd)
            target.Add(Float());
        Leave(outer);
    }

    /// <summary>A string of an attribute, which may be any bytes.</summary>
    public AttributeText Text()
    {
        long length = Length();
        if (length > AttributeText.LongestText)
        {
            SeekTo(Position + length);
            return new AttributeText(null, length);
        }
        return new AttributeText(Decode((int)length), length);
    }

    public static ModelException Malformed(long position, string what) =>
        new(Rules.Malformed, position.ToString(CultureInfo.InvariantCulture), what);

    // Decodes and passes over the next bytes; null where they are not UTF-8.
    private string? Decode(int length)
    {
        if (length == 0)
            return "";
        byte[] bytes = Contiguous(length, out int at);
        string? known = _names.Find(bytes, at, length);
        if (known is null)
        {
            try
            {
                known = StrictUtf8.GetString(bytes, at, length);
            }
            catch (DecoderFallbackException)
            {
                // Null says it.
            }
        }
        SeekTo(Position + length);
        return known;
    }

    // The next bytes of the current message in one array; the position stays.
    private byte[] Contiguous(int length, out int at)
    {
        if (length > _buffer.Length)
        {
            byte[] bytes = new byte[length];
            _source.ReadAll(Position, bytes, 0, length);
            at = 0;
            return bytes;
        }
        if (_at + length > _filled)
        {
            Fill();
            while (_filled < length)
            {
                int read = _source.Read(_bufferStart + _filled, _buffer, _filled, _buffer.Length - _filled);
                if (read == 0)
                    throw EndsEarly(length);
                _filled += read;
            }
            SetLimit(_limit);
        }
        at = _at;
        return _buffer;
    }

    // The length of the current field, which the enclosing message must hold.
    private long Length()
    {
        ulong length = Varint();
        Check(length);
        return (long)length;
    }

    private void Check(ulong length)
    {
        if (length <= (ulong)(_limit - Position))
            return;
        if (length > (ulong)(_source.Length - Position))
            throw EndsEarly(length);
        throw Malformed(Position, "a length of " + length.ToString(CultureInfo.InvariantCulture) + " bytes goes beyond the enclosing message");
    }

    private void Check(int length) => Check((ulong)length);

    private ModelException EndsEarly(ulong needed) => new(Rules.Truncated, string.Format(
        CultureInfo.InvariantCulture, "{0} bytes are needed at byte {1}, and {2} are there", needed, Position, _source.Length - Position));

    private ModelException EndsEarly(int needed) => EndsEarly((ulong)needed);

    private byte NextByte() => _at < _stop ? _buffer[_at++] : NextByteOfNextBuffer();

    private byte NextByteOfNextBuffer()
    {
        if (Position >= _limit)
        {
            throw _limit == _source.Length
                ? EndsEarly(1)
                : Malformed(Position, "a message ends in the middle of a field");
        }
        Fill();
        return _buffer[_at++];
    }

    private void Fill()
    {
        _cancellation.ThrowIfCancellationRequested();
        SeekOutside(Position);
        _filled = _source.Read(_bufferStart, _buffer, 0, _buffer.Length);
        if (_filled == 0)
            throw EndsEarly(1);
        SetLimit(_limit);
    }

    private void SeekTo(long position)
    {
        if (position >= _bufferStart && position <= _bufferStart + _filled)
            _at = (int)(position - _bufferStart);
        else
            SeekOutside(position);
    }

    private void SeekOutside(long position)
    {
        _bufferStart = position;
        _at = _filled = _stop = 0;
    }

    private void SetLimit(long limit)
    {
        _limit = limit;
        _stop = (int)Math.Min(_filled, Math.Max(0, limit - _bufferStart));
    }
}
