using System;
using System.IO;

namespace Cleave.Tool.Running;

/// <summary>A folder that is deleted after use.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("cleave-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
