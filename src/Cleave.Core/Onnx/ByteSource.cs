using System;
using System.Globalization;
using System.IO;
using Cleave.Core.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace Cleave.Core.Onnx;

/// <summary>Where a model's bytes come from. Reading is safe from several threads.</summary>
internal abstract class ByteSource : IDisposable
{
    /// <summary>Number of bytes when the source was opened.</summary>
    public abstract long Length { get; }

    /// <summary>The open file; null for a source in memory.</summary>
    public virtual SafeFileHandle? Handle => null;

    /// <summary>Reads at most <paramref name="count"/> bytes; 0 only at the end.</summary>
    public abstract int Read(long offset, byte[] buffer, int start, int count);

    /// <summary>Reads exactly <paramref name="count"/> bytes.</summary>
    /// <exception cref="ModelException">The source ends before.</exception>
    public void ReadAll(long offset, byte[] buffer, int start, int count)
    {
        while (count > 0)
        {
            int read = Read(offset, buffer, start, count);
            if (read == 0)
            {
                throw new ModelException(Rules.Truncated, string.Format(
                    CultureInfo.InvariantCulture, "{0} bytes are missing at byte {1}", count, offset));
            }
            offset += read;
            start += read;
            count -= read;
        }
    }

    public abstract void Dispose();

    /// <summary>Opens a file and keeps that one handle; others may read, write, rename and delete the file meanwhile.</summary>
    /// <exception cref="ModelException">The file is missing or cannot be opened.</exception>
    public static ByteSource OpenFile(string path)
    {
        try
        {
            return new FileSource(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelException(new Problem(Rules.FileMissing), e) { Path = path };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Unreadable(e, path);
        }
    }

    public static ByteSource FromBytes(byte[] bytes, int start, int count) => new MemorySource(bytes, start, count);

#if NET
    public static ByteSource FromBytes(ReadOnlyMemory<byte> bytes) => new MemorySource(bytes);
#endif

    private static ModelException Unreadable(Exception e, string path)
    {
        string why = e is UnauthorizedAccessException && Directory.Exists(path) ? "it is a folder. Give the .onnx file itself" : UnreadableFile.Why(e);
        return new ModelException(new Problem(Rules.Unreadable, why), e) { Path = path };
    }

    private sealed class FileSource : ByteSource
    {
        private readonly string _path;
#if NET
        private readonly SafeFileHandle _handle;

        public FileSource(string path)
        {
            _path = path;
            _handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Length = RandomAccess.GetLength(_handle);
        }

        public override SafeFileHandle Handle => _handle;

        private int ReadFile(long offset, byte[] buffer, int start, int count) =>
            RandomAccess.Read(_handle, buffer.AsSpan(start, count), offset);

        public override void Dispose() => _handle.Dispose();
#else
        private readonly FileStream _stream;

        public FileSource(string path)
        {
            _path = path;
            // A buffer of one byte is none: the reader has its own.
            _stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
            Length = _stream.Length;
        }

        public override SafeFileHandle Handle => _stream.SafeFileHandle;

        private int ReadFile(long offset, byte[] buffer, int start, int count)
        {
            lock (_stream)
            {
                _stream.Position = offset;
                return _stream.Read(buffer, start, count);
            }
        }

        public override void Dispose() => _stream.Dispose();
#endif

        public override long Length { get; }

        public override int Read(long offset, byte[] buffer, int start, int count)
        {
            try
            {
                return ReadFile(offset, buffer, start, count);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Unreadable(e, _path);
            }
        }
    }

    private sealed class MemorySource : ByteSource
    {
#if NET
        private readonly ReadOnlyMemory<byte> _bytes;

        public MemorySource(ReadOnlyMemory<byte> bytes) => _bytes = bytes;

        public MemorySource(byte[] bytes, int start, int count) => _bytes = new ReadOnlyMemory<byte>(bytes, start, count);

        public override long Length => _bytes.Length;

        private void Copy(int from, byte[] buffer, int start, int count) =>
            _bytes.Span.Slice(from, count).CopyTo(buffer.AsSpan(start, count));
#else
        private readonly byte[] _bytes;
        private readonly int _start;

        public MemorySource(byte[] bytes, int start, int count)
        {
            if (start < 0 || count < 0 || count > bytes.Length - start)
                throw new ArgumentOutOfRangeException(nameof(count));
            _bytes = bytes;
            _start = start;
            Length = count;
        }

        public override long Length { get; }

        private void Copy(int from, byte[] buffer, int start, int count) =>
            Buffer.BlockCopy(_bytes, _start + from, buffer, start, count);
#endif

        public override int Read(long offset, byte[] buffer, int start, int count)
        {
            if (offset >= Length)
                return 0;
            int read = (int)Math.Min(count, Length - offset);
            Copy((int)offset, buffer, start, read);
            return read;
        }

        public override void Dispose()
        {
        }
    }
}
