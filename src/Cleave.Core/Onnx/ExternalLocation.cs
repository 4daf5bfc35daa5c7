using System.Collections.Generic;
using System.IO;

namespace Cleave.Core.Onnx;

/// <summary>The location of external data, as a path below the model's folder.</summary>
internal static class ExternalLocation
{
    /// <summary>The location with forward slashes and without "." and ".."; null where it is absolute, leaves the folder or can be no file's.</summary>
    public static string? Below(string location)
    {
        string path = location.Replace('\\', '/');
        bool absolute = path.Length == 0 || path[0] == '/' || (path.Length > 1 && path[1] == ':');
        // ONNX Runtime reads "*/…" as an address in its memory. The file system's functions throw on what no path can hold.
        if (absolute || path[0] == '*' || path.IndexOfAny(Path.GetInvalidPathChars()) >= 0)
            return null;
        List<string> parts = [];
        foreach (string part in path.Split('/'))
        {
            if (part == "..")
            {
                if (parts.Count == 0)
                    return null;
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part.Length > 0 && part != ".")
            {
                parts.Add(part);
            }
        }
        return parts.Count == 0 ? null : string.Join("/", parts);
    }
}
