using System;
using System.IO;

namespace Cleave.Tool.Tests;

/// <summary>A folder that is deleted after use.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("cleave-tool-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
