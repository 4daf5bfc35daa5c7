using System;
using System.IO;

namespace Cleave.Release.Tests;

/// <summary>A folder outside the repository, so that nothing of the repository's build leaks in; deleted in the end.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("cleave-release-").FullName;

    public string this[string relative] => System.IO.Path.Combine(Path, relative);

    public void Write(string relative, string text)
    {
        string file = this[relative];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    public void CopyFrom(string folder, string relative)
    {
        string source = System.IO.Path.Combine(folder, relative);
        if (File.Exists(source))
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[relative])!);
            File.Copy(source, this[relative]);
            return;
        }
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
            CopyFrom(folder, System.IO.Path.GetRelativePath(folder, file));
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
