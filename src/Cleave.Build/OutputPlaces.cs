using System.Collections.Generic;

namespace Cleave.Build;

/// <summary>Which file lies where in the output. Models may share a file with weights, but no two files a place.</summary>
internal sealed class OutputPlaces
{
    private readonly Dictionary<string, string> _copied = new(ProjectPaths.Comparer);
    private readonly HashSet<string> _left = new(ProjectPaths.Comparer);

    /// <summary>Gives a file a place; false where it has that already, or where another file does.</summary>
    /// <param name="output">The place.</param>
    /// <param name="file">The file's absolute path.</param>
    /// <param name="copied">Whether it is copied there: one that is not takes no place from others.</param>
    /// <param name="other">The other file.</param>
    public bool Take(string output, string file, bool copied, out string? other)
    {
        other = null;
        if (!copied)
            return _left.Add(file);
        if (!_copied.TryGetValue(output, out string? there))
        {
            _copied.Add(output, file);
            return true;
        }
        if (!ProjectPaths.Comparer.Equals(there, file))
            other = there;
        return false;
    }
}
