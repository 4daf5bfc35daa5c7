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
/// machine can only assemble it. Package folders that others use never see that feed.
/// </summary>
public sealed class ReleasePackages : IAsyncLifetime
{
    private const string Signed = "1.29.0.0";
    private readonly TemporaryFolder _folder = new();

    public string Feed => _folder["feed"];

    /// <summary>Why no release can be packed here; null where one can.</summary>
    public string? WhySkipped { get; } =
        Repository.ProvidedOnnxRuntime == Repository.LowestOnnxRuntime || Repository.ProvidedOnnxRuntime.StartsWith(Repository.LowestOnnxRuntime + "-", StringComparison.Ordinal)
            ? null
            : $"skipped: a release is compiled with ONNX Runtime {Repository.LowestOnnxRuntime} or the assembled one, and the package sources here have {Repository.ProvidedOnnxRuntime} only";

    /// <summary>The assembly version of the ONNX Runtime in the feed; null where the sources carry it.</summary>
    public string? OnnxRuntimeAssemblyVersion { get; private set; }

    public async Task InitializeAsync()
    {
        if (WhySkipped != null)
            return;
        string repository = SharedModels.Repository;
        CommandLine dotnet = new(repository);
        foreach (string project in new[] { "src/Cleave.Runtime", "nuget/Cleave.csproj" })
        {
            await dotnet.RequireAsync("dotnet", "pack", project, "-c", "Release", "-o", Feed,
                "-p:CleaveRelease=true", "-p:ArtifactsPath=" + _folder["artifacts"]);
        }
        string source = Path.Combine(repository, "artifacts", "onnxruntime", "source");
        if (!Directory.Exists(source))
            return;

        // As the official ones: signed, with an assembly version. The runtime was compiled against neither.
        string key = _folder["key.snk"];
        using (RSACryptoServiceProvider rsa = new(2048))
            File.WriteAllBytes(key, rsa.ExportCspBlob(includePrivateParameters: true));
        foreach (string project in new[] { "managed", "native" })
        {
            await dotnet.RequireAsync("dotnet", "pack", "build/onnxruntime/" + project, "-c", "Release", "-o", Feed,
                "-p:OnnxRuntimeSource=" + source, "-p:ArtifactsPath=" + _folder["onnxruntime"],
                "-p:AssembledVersion=" + Repository.LowestOnnxRuntime, "-p:AssembledAssemblyVersion=" + Signed,
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
