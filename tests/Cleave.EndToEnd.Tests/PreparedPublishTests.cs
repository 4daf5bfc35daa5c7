using System;
using System.IO;
using System.Linq;
using Cleave.TestKit;
using Xunit;

namespace Cleave.EndToEnd.Tests;

/// <summary><c>dotnet publish -p:CleavePrepare=true</c>, as docs/prepared.md has it.</summary>
[Collection(Applications.Name)]
public sealed class PreparedPublishTests(PackedPackagesInUse inUse)
{
    private readonly PackedPackages _packages = inUse.Packages;

    [Fact]
    public void What_is_published_opens_prepared_where_nobody_told_it_to()
    {
        TinyModel large = new() { Weights = [.. Enumerable.Range(1, 512).Select(static i => (float)i)] };
        new Consumer(_packages, "prepared ü $HOME/Lib") { IsApplication = false }
            .WithProject("""<AdditionalFiles Include="models/theirs.onnx" />""")
            .With("models/theirs.onnx", large);
        Consumer app = new Consumer(_packages, "prepared ü $HOME/App")
            .WithProject("""<AdditionalFiles Include="models/large one.onnx" Cores="1" /><AdditionalFiles Include="models/small.onnx" /><ProjectReference Include="../Lib/Lib.csproj" />""")
            .With("models/large one.onnx", large)
            .With("models/small.onnx", new TinyModel())
            .With("Program.cs", """
                using App;
                Lines logger = new();
                using (LargeOneRunner runner = new(new Cleave.RunnerOptions { Logger = logger }))
                using (LargeOneOutput output = runner.Run(new LargeOneInput { X = new float[512] }))
                    System.Console.WriteLine("result " + output.Y.Span.Length);

                sealed class Lines : Microsoft.Extensions.Logging.ILogger
                {
                    public System.IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
                    public bool IsEnabled(Microsoft.Extensions.Logging.LogLevel level) => true;
                    public void Log<TState>(Microsoft.Extensions.Logging.LogLevel level, Microsoft.Extensions.Logging.EventId id, TState state, System.Exception? e, System.Func<TState, System.Exception?, string> text) =>
                        System.Console.WriteLine(text(state, e));
                }
                """);

        CommandResult published = app.DotNetCommand("publish", "-p:CleavePrepare=true", "-p:CleaveTool=" + _packages.Tool, "-o", app.PathOf("out"), "-v", "normal").Succeeded();

        Assert.Contains("models/large one.onnx, Whole: prepared, ", published.Output);
        Assert.Contains("models/theirs.onnx, Whole: prepared, ", published.Output);
        Assert.Single(Directory.GetDirectories(app.PathOf("out/models/Lib/models/prepared")));
        Assert.Contains("models/small.onnx, Whole: not prepared: it has no weights of a kilobyte or more", published.Output);
        Assert.Equal(2, Directory.GetDirectories(app.PathOf("out/models/App/models/prepared")).Length);
        string printed = app.Run("out");
        Assert.Contains("result 512", printed);
        Assert.Contains(", prepared, ", printed);
    }

    [Fact]
    public void Another_machines_files_cannot_be_prepared_here()
    {
        Consumer app = new Consumer(_packages, "elsewhere/App")
            .WithProject("""<AdditionalFiles Include="small.onnx" />""")
            .With("small.onnx", new TinyModel())
            .With("Program.cs", "using App;\n" + Consumer.Print("Small"));
        string other = OperatingSystem.IsWindows() ? "linux-x64" : "win-x64";
        CommandResult refused = app.DotNetCommand("publish", "-p:CleavePrepare=true", "-r", other, "--self-contained", "false").Failed();
        Assert.Contains($"App.csproj : error CLV3012: 'App.csproj' asks for prepared models, but it is published for {other}", refused.Output);
    }

    /// <summary>ONNX Runtime's packages have onnxruntime.lib beside the library for Windows.</summary>
    [Theory]
    [InlineData("RuntimeTargetsCopyLocalItems", "")]
    [InlineData("NativeCopyLocalItems", "win-x64")]
    public void An_import_library_is_not_taken_for_the_native_one(string items, string runtime)
    {
        Consumer app = new Consumer(_packages, "imported" + runtime + "/App").With("App.csproj", $"""
            <Project>
              <PropertyGroup>
                <NETCoreSdkPortableRuntimeIdentifier>win-x64</NETCoreSdkPortableRuntimeIdentifier>
                <RuntimeIdentifier>{runtime}</RuntimeIdentifier>
                <CleaveTool>$(MSBuildProjectFullPath)</CleaveTool>
              </PropertyGroup>
              <ItemGroup>
                <{items} Include="onnxruntime.dll;onnxruntime.lib" RuntimeIdentifier="win-x64" />
              </ItemGroup>
              <Import Project="{Path.Combine(SharedModels.Repository, "nuget", "Cleave.targets")}" />
            </Project>
            """);
        Assert.EndsWith("onnxruntime.dll", app.DotNetCommand("msbuild", "-t:_CleaveFindTool", "-getProperty:_CleaveHostRuntimePath").Succeeded().Output.Trim());
    }
}
