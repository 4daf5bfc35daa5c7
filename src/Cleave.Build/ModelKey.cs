using System.Security.Cryptography;
using System.Text;

namespace Cleave.Build;

/// <summary>The name of a model's files in obj: readable, the same on every machine, and different for different paths.</summary>
internal static class ModelKey
{
    private const int Longest = 80;

    /// <summary>
    /// <c>models/face.onnx</c> gives <c>models.face</c>. A path with anything but ASCII letters, digits, <c>_</c> and
    /// <c>-</c> in it, or a long one, has lost something on the way and gets a hash, set off by a character that plain
    /// keys never hold.
    /// </summary>
    public static string For(string path)
    {
        const string extension = ".onnx";
        bool plain = path.EndsWith(extension, System.StringComparison.Ordinal);
        string stem = plain ? path.Substring(0, path.Length - extension.Length) : path;
        StringBuilder key = new(stem.Length);
        foreach (char c in stem)
        {
            if (c == '/')
            {
                key.Append('.');
            }
            else if (c is >= 'a' and <= 'z' or >= 'A' and <= 'Z' or >= '0' and <= '9' or '_' or '-')
            {
                key.Append(c);
            }
            else
            {
                key.Append('_');
                plain = false;
            }
        }
        if (plain && key.Length <= Longest)
            return key.ToString();
        // The end says more than the beginning.
        if (key.Length > Longest)
            key.Remove(0, key.Length - Longest);
        return key.ToString().TrimStart('.', '_') + "~" + Hash(path);
    }

    private static string Hash(string text)
    {
        using SHA256 sha = SHA256.Create();
        byte[] hash = sha.ComputeHash(Encoding.UTF8.GetBytes(text));
        StringBuilder hex = new();
        for (int i = 0; i < 5; i++)
            hex.Append(hash[i].ToString("x2", System.Globalization.CultureInfo.InvariantCulture));
        return hex.ToString();
    }
}
