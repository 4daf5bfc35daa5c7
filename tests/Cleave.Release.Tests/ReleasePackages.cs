using System;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Security.Cryptography;
using System.Threading.Tasks;
using System.Xml.Linq;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Release.Tests;

/// <summary>
/// The packages of a release in a feed of their own, and beside them ONNX Runtime under its official number where this
/// machine can only assemble it. Their version is not the repository's: what was compiled is shared. Package folders that others use never see that feed.
/// </summary>
public sealed class ReleasePackages : IAsyncLifetime
{
    private const string Signed = "1.29.0.0";
    private readonly TemporaryFolder _folder = new();

    private static bool IsAssembled => Repository.ProvidedOnnxRuntime.Contains('-', StringComparison.Ordinal);

    public string Feed => _folder["feed"];

    /// <summary>The official number of the ONNX Runtime at hand: the lowest supported, or a later one where the sources here have no other.</summary>
    public static string LowestOnnxRuntime { get; } = Repository.ProvidedOnnxRuntime.Split('-')[0];

    /// <summary>The assembly version of the ONNX Runtime in the feed; null where the sources carry it.</summary>
    public string? OnnxRuntimeAssemblyVersion { get; private set; }

    public async Task InitializeAsync()
    {
        string repository = SharedModels.Repository;
        CommandLine dotnet = new(repository);
        string[] release = ["-o", Feed, "-p:CleaveRelease=true", "-p:OnnxRuntimeLowest=" + LowestOnnxRuntime, .. LaterPackages.Arguments];
        foreach (string project in new[] { "src/Cleave.Runtime", "nuget/Cleave.csproj" })
            await dotnet.RequireAsync("dotnet", ["pack", project, .. release]);
        if (!IsAssembled)
            return;
        string source = Path.Combine(repository, "artifacts", "onnxruntime", "source");

        // As the official ones: signed, with an assembly version. The runtime was compiled against neither.
        string key = _folder["key.snk"];
        using (RSACryptoServiceProvider rsa = new(2048))
            File.WriteAllBytes(key, rsa.ExportCspBlob(includePrivateParameters: true));
        foreach (string project in new[] { "managed", "native" })
        {
            await dotnet.RequireAsync("dotnet", "pack", "build/onnxruntime/" + project, "-c", "Release", "-o", Feed,
                "-p:OnnxRuntimeSource=" + source, "-p:ArtifactsPath=" + _folder["onnxruntime"],
                "-p:AssembledVersion=" + LowestOnnxRuntime, "-p:AssembledAssemblyVersion=" + Signed,
                "-p:AssemblyOriginatorKeyFile=" + key);
        }
        OnnxRuntimeAssemblyVersion = Signed;
    }

    public Task DisposeAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>The package of this id, whatever its version.</summary>
    public string PackageFile(string id) =>
        Directory.EnumerateFiles(Feed, id + ".*.nupkg").Single(f => char.IsAsciiDigit(Path.GetFileName(f)[id.Length + 1]));

    public XElement Metadata(string id)
    {
        using ZipArchive package = ZipFile.OpenRead(PackageFile(id));
        using Stream nuspec = package.GetEntry(id + ".nuspec")!.Open();
        XElement metadata = XDocument.Load(nuspec).Root!.Elements().Single();
        foreach (XElement element in metadata.DescendantsAndSelf())
            element.Name = element.Name.LocalName;
        return metadata;
    }
}
