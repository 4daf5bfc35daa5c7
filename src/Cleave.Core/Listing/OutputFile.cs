using System;
using System.IO;
using System.Threading;

namespace Cleave.Core.Listing;

/// <summary>
/// Replaces a file as a whole, and only where its bytes change: whoever reads it meanwhile (a design-time build beside a
/// real one) sees the old file or the new one, and what depends on its time is not built again for nothing.
/// </summary>
internal static class OutputFile
{
    private const int MostAttempts = 6;

    public static void Write(string path, Action<Stream> write)
    {
        string temporary = path + "." + Guid.NewGuid().ToString("N") + ".tmp";
        try
        {
            using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
                write(stream);
            if (!SameBytes(temporary, path))
                ReplacePatiently(temporary, path);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    // On Windows a scanner that looks at a new file holds it for a moment.
    private static void ReplacePatiently(string temporary, string path)
    {
        for (int attempt = Path.DirectorySeparatorChar == '\\' ? 1 : MostAttempts; ; attempt++)
        {
            try
            {
                Replace(temporary, path);
                return;
            }
            catch (Exception e) when (attempt < MostAttempts && (e is IOException or UnauthorizedAccessException))
            {
                Thread.Sleep(20 * attempt);
            }
        }
    }

    private static void Replace(string temporary, string path)
    {
        if (!File.Exists(path))
        {
            try
            {
                File.Move(temporary, path);
                return;
            }
            catch (IOException) when (File.Exists(path))
            {
                // Another build was faster; its file is replaced below.
            }
        }
        File.Replace(temporary, path, null);
    }

    private static bool SameBytes(string one, string other)
    {
        FileInfo old = new(other);
        if (!old.Exists || old.Length != new FileInfo(one).Length)
            return false;
        using FileStream left = File.OpenRead(one);
        using FileStream right = new(other, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] leftBytes = new byte[8192];
        byte[] rightBytes = new byte[8192];
        while (true)
        {
            int count = Fill(left, leftBytes);
            if (count != Fill(right, rightBytes))
                return false;
            for (int i = 0; i < count; i++)
            {
                if (leftBytes[i] != rightBytes[i])
                    return false;
            }
            if (count < leftBytes.Length)
                return true;
        }
    }

    private static int Fill(Stream stream, byte[] buffer)
    {
        int used = 0;
        while (used < buffer.Length)
        {
            int count = stream.Read(buffer, used, buffer.Length - used);
            if (count == 0)
                break;
            used += count;
        }
        return used;
    }
}
