using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using System.Xml.Linq;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Google.Protobuf;
using Xunit;

namespace Cleave.Release.Tests;

/// <summary>What <c>./build.sh pack -p:CleaveRelease=true</c> gives to users.</summary>
public sealed class ReleaseTests : IClassFixture<ReleasePackages>
{
    private readonly ReleasePackages _packages;

    public ReleaseTests(ReleasePackages packages) => _packages = packages;

    [Theory]
    [InlineData("Cleave")]
    [InlineData("Cleave.Runtime")]
    public void A_release_is_no_prerelease_and_depends_on_none(string id)
    {
        XElement metadata = _packages.Metadata(id);

        Assert.Equal(LaterPackages.Version, metadata.Element("version")!.Value);
        Assert.All(metadata.Descendants("dependency"), d => Assert.DoesNotContain("-", d.Attribute("version")!.Value, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Its_version_is_that_of_the_repository()
    {
        string version = await new CommandLine(SharedModels.Repository).RequireAsync("dotnet", "msbuild", "nuget/Cleave.csproj", "-getProperty:PackageVersion", "-p:CleaveRelease=true");

        Assert.Equal(Repository.ReleaseVersion, version.Trim());
    }

    [Fact]
    public void The_runtime_depends_on_the_lowest_official_ONNX_Runtime()
    {
        XElement dependency = _packages.Metadata("Cleave.Runtime").Descendants("dependency")
            .Single(d => d.Attribute("id")!.Value == "Microsoft.ML.OnnxRuntime.Managed");

        Assert.Equal(ReleasePackages.LowestOnnxRuntime, dependency.Attribute("version")!.Value);
    }

    [Fact]
    public async Task A_project_restores_builds_without_warnings_and_runs()
    {
        using TemporaryFolder folder = new();
        WriteConsumer(folder);
        CommandLine dotnet = new(folder.Path);

        await dotnet.RequireAsync("dotnet", "build", "-c", "Release", "-warnaserror");
        string output = await dotnet.RequireAsync("dotnet", "run", "-c", "Release", "--no-build");

        Assert.Contains("sums 11 22 33", output, StringComparison.Ordinal);
        if (_packages.OnnxRuntimeAssemblyVersion is string version)
            Assert.Contains($"ONNX Runtime {version}, signed True", output, StringComparison.Ordinal);
    }

    private void WriteConsumer(TemporaryFolder folder)
    {
        // The machine's sources give what has nothing to do with this; Cleave is in no other feed.
        folder.Write("nuget.config", $"""
            <configuration>
              <config>
                <add key="globalPackagesFolder" value="packages" />
              </config>
              <fallbackPackageFolders>
                <clear />
              </fallbackPackageFolders>
              <packageSources>
                <add key="release" value="{_packages.Feed}" />
              </packageSources>
            </configuration>
            """);
        folder.Write("Consumer.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <LangVersion>12</LangVersion>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Cleave" Version="{LaterPackages.Version}" />
                <PackageReference Include="Microsoft.ML.OnnxRuntime" Version="{ReleasePackages.LowestOnnxRuntime}" />
                <AdditionalFiles Include="models/adder.onnx" />
              </ItemGroup>
            </Project>
            """);
        folder.Write("Program.cs", """
            using System;
            using System.Reflection;
            using Consumer;

            using var runner = new AdderRunner();
            using AdderOutput output = runner.Run(new AdderInput { A = new float[] { 1, 2, 3 }, B = new float[] { 10, 20, 30 } });
            Console.WriteLine("sums " + string.Join(' ', output.Sums.ToArray()));
            AssemblyName ort = typeof(Microsoft.ML.OnnxRuntime.InferenceSession).Assembly.GetName();
            Console.WriteLine($"ONNX Runtime {ort.Version}, signed {ort.GetPublicKeyToken() is { Length: > 0 }}");
            """);
        Directory.CreateDirectory(folder["models"]);
        File.WriteAllBytes(folder["models/adder.onnx"], Adder().ToByteArray());
    }

    // sums = a + b
    private static ModelProto Adder() => new()
    {
        IrVersion = 8,
        OpsetImport = { new OperatorSetIdProto { Version = 17 } },
        Graph = new GraphProto
        {
            Name = "adder",
            Input = { Vector("a"), Vector("b") },
            Output = { Vector("sums") },
            Node = { new NodeProto { OpType = "Add", Input = { "a", "b" }, Output = { "sums" } } },
        },
    };

    private static ValueInfoProto Vector(string name) => new()
    {
        Name = name,
        Type = new TypeProto
        {
            TensorType = new TypeProto.Types.Tensor
            {
                ElemType = 1,
                Shape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension { DimValue = 3 } } },
            },
        },
    };
}
