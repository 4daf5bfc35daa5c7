using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Xml.Linq;
using Xunit;

namespace Cleave.EndToEnd.Tests;

[Collection(Applications.Name)]
public sealed class PackageContentTests(PackedPackagesInUse inUse)
{
    private readonly PackedPackages _packages = inUse.Packages;

    private ZipArchive Open(string id, string extension = ".nupkg") =>
        ZipFile.OpenRead(Path.Combine(_packages.Feed, id + "." + _packages.Version + extension));

    private static List<string> Files(ZipArchive package) =>
        [.. package.Entries.Select(e => e.FullName).Where(f => !f.StartsWith("_rels/") && !f.StartsWith("package/") && f != "[Content_Types].xml").Order(System.StringComparer.Ordinal)];

    private static List<string> Dependencies(ZipArchive package)
    {
        using Stream nuspec = package.Entries.Single(e => e.FullName.EndsWith(".nuspec", System.StringComparison.Ordinal)).Open();
        return [.. XDocument.Load(nuspec).Descendants().Where(e => e.Name.LocalName == "dependency")
            .Select(e => e.Parent!.Attribute("targetFramework")!.Value + " " + e.Attribute("id")!.Value + " " + e.Attribute("version")!.Value)];
    }

    [Theory]
    [InlineData("Cleave")]
    [InlineData("Cleave.Runtime")]
    public void A_package_says_where_it_comes_from(string id)
    {
        using ZipArchive package = Open(id);
        using Stream nuspec = package.Entries.Single(e => e.FullName.EndsWith(".nuspec", System.StringComparison.Ordinal)).Open();
        List<XElement> elements = [.. XDocument.Load(nuspec).Descendants()];
        Assert.Equal("https://github.com/cleave-net/cleave", elements.Single(e => e.Name.LocalName == "projectUrl").Value);
        Assert.Equal("https://github.com/cleave-net/cleave.git", elements.Single(e => e.Name.LocalName == "repository").Attribute("url")!.Value);
        Assert.Equal("README.md", elements.Single(e => e.Name.LocalName == "readme").Value);
    }

    [Fact]
    public void The_command_holds_the_licences_of_what_it_contains()
    {
        _packages.PackTool();
        using ZipArchive package = Open("Cleave.Tool");
        using StreamReader notices = new(package.GetEntry("THIRD-PARTY-NOTICES.md")!.Open());
        string text = notices.ReadToEnd();
        Assert.Contains("Redistributions in binary form must reproduce", text);
        Assert.Contains("The above copyright notice and this permission notice shall be included in all", text);
        string[] ours = ["cleave.dll", "Cleave.Core.dll", "Cleave.Generator.dll", "Cleave.Runtime.dll"];
        string[] libraries = [.. Files(package).Where(f => f.EndsWith(".dll", System.StringComparison.Ordinal) && !f.Contains("/runtimes/")).Select(f => Path.GetFileName(f)!).Except(ours)];
        Assert.NotEmpty(libraries);
        Assert.All(libraries, library => Assert.Contains("`" + library + "`", text));
    }

    [Fact]
    public void Cleave_holds_the_generator_the_task_and_the_targets()
    {
        using ZipArchive package = Open("Cleave");
        Assert.Equal(
        [
            "Cleave.nuspec",
            "README.md",
            "THIRD-PARTY-NOTICES.md",
            "analyzers/dotnet/cs/Cleave.Core.dll",
            "analyzers/dotnet/cs/Cleave.Generator.dll",
            "build/net8.0/Cleave.props",
            "build/net8.0/Cleave.targets",
            "icon.png",
            "lib/net8.0/_._",
            "tools/netstandard2.0/Cleave.Build.dll",
            "tools/netstandard2.0/Cleave.Core.dll",
        ], Files(package));
        Assert.Equal([$"net8.0 Cleave.Runtime [{_packages.Version}, 1.0.0)"], Dependencies(package));
    }

    [Fact]
    public void Cleave_Runtime_holds_itself_and_the_core()
    {
        using ZipArchive package = Open("Cleave.Runtime");
        Assert.Equal(
        [
            "Cleave.Runtime.nuspec",
            "README.md",
            "THIRD-PARTY-NOTICES.md",
            "buildTransitive/Cleave.Runtime.targets",
            "icon.png",
            "lib/net8.0/Cleave.Core.dll",
            "lib/net8.0/Cleave.Runtime.dll",
            "lib/net8.0/Cleave.Runtime.xml",
        ], Files(package));
        Assert.Equal(
        [
            "net8.0 Microsoft.Extensions.Logging.Abstractions 8.0.3",
            "net8.0 Microsoft.ML.OnnxRuntime.Managed " + PackedPackages.OnnxRuntimeVersion,
        ], Dependencies(package));
        using ZipArchive symbols = Open("Cleave.Runtime", ".snupkg");
        Assert.Contains("lib/net8.0/Cleave.Runtime.pdb", Files(symbols));
    }
}
