using System.IO;
using System.Linq;
using Cleave.TestKit;
using Xunit;

namespace Cleave.EndToEnd.Tests;

[Collection(Applications.Name)]
public sealed class LibraryTests(PackedPackagesInUse inUse)
{
    private readonly PackedPackages _packages = inUse.Packages;

    /// <summary>
    /// A web application with a model under wwwroot and two libraries, each with a models/model.onnx, one for two
    /// frameworks, each made by another version of Cleave in one compiler server.
    /// </summary>
    [Fact]
    public void Models_of_libraries_reach_the_application()
    {
        // With what a release is compiled with, which may have been done.
        string later = _packages.Pack(LaterPackages.Version, ["-p:VersionSuffix=", "-p:ContinuousIntegrationBuild=true", .. LaterPackages.Arguments]);
        Consumer Library(string name, string version, string frameworks, float weight) => new Consumer(_packages, "libraries/" + name, version)
        {
            IsApplication = false,
            Frameworks = frameworks,
            Properties = "<EmitCompilerGeneratedFiles>true</EmitCompilerGeneratedFiles>",
        }
            .WithProject("""<AdditionalFiles Include="models/model.onnx" Access="public" />""")
            .With("models/model.onnx", new TinyModel { Weights = [weight, weight, weight, weight] });
        Consumer one = Library("One", _packages.Version, "net8.0;net10.0", 1);
        Consumer two = Library("Two", later, "net10.0", 2);
        Consumer web = new Consumer(_packages, "libraries/Web") { Sdk = "Microsoft.NET.Sdk.Web" }
            .WithProject("""
                <AdditionalFiles Include="wwwroot/model.onnx" />
                <ProjectReference Include="../One/One.csproj" />
                <ProjectReference Include="../Two/Two.csproj" />
                """)
            .With("wwwroot/model.onnx", new TinyModel { Weights = [3, 3, 3, 3] })
            .With("Program.cs", Consumer.Print("One.Model") + Consumer.Print("Two.Model") + Consumer.Print("Web.Model"));

        // The application itself uses the later version: no package may be downgraded.
        web.With("Web.csproj", File.ReadAllText(web.PathOf("Web.csproj")).Replace($"\"{_packages.Version}\"", $"\"{later}\""));
        web.DotNetCommand("publish", "-c", "Debug", "-o", web.PathOf("published")).Succeeded();

        string[] expected = ["models/One/models/model.onnx", "models/Two/models/model.onnx", "models/Web/wwwroot/model.onnx"];
        foreach (string folder in new[] { "bin/Debug/net10.0", "published" })
        {
            Assert.All(expected, m => Assert.True(File.Exists(web.PathOf(folder + "/" + m)), folder + "/" + m));
            Assert.Equal("One.Model: 1 1 1 1\nTwo.Model: 2 2 2 2\nWeb.Model: 3 3 3 3\n", web.Run(folder));
        }
        Assert.Contains("\"0.1.0", Generated(one));
        Assert.Contains("\"0.2.0", Generated(two));

        one.Build("--no-restore", "-f", "net8.0").Succeeded();
        Assert.True(File.Exists(one.PathOf("bin/Debug/net8.0/models/One/models/model.onnx")));
    }

    private static string Generated(Consumer project) => string.Concat(
        Directory.GetFiles(project.PathOf("obj/Debug/net10.0/generated"), "*.g.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
}
