using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Google.Protobuf;
using Xunit;

namespace Cleave.EndToEnd.Tests;

[Collection(Checks.Name)]
public sealed partial class BadModelTests(PackedPackagesInUse inUse)
{
    private readonly PackedPackages _packages = inUse.Packages;

    [GeneratedRegex(@"^\s*(?<file>.+?)(\([\d,]+\))?\s*: error (?<id>\w+): (?<message>.*)$")]
    private static partial Regex ErrorLine();

    // Each error is printed when it occurs and again in the summary.
    private static List<(string File, string Id)> Errors(CommandResult built)
    {
        List<(string File, string Id, string Message)> errors = [.. built.Lines.Select(l => ErrorLine().Match(l)).Where(m => m.Success)
            .Select(m => (Path.GetFileName(m.Groups["file"].Value), m.Groups["id"].Value, m.Groups["message"].Value)).Distinct()];
        Assert.All(errors, e => Assert.Contains(e.File, e.Message));
        return [.. errors.Select(e => (e.File, e.Id)).Order()];
    }

    private static byte[] Changed(Action<GraphProto> change) => ChangedModel(m => change(m.Graph));

    private static byte[] ChangedModel(Action<ModelProto> change)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(new TinyModel().ToBytes());
        change(model);
        return model.ToByteArray();
    }

    private static byte[] Nested(int levels)
    {
        GraphProto graph = new() { Name = "g" };
        for (int i = 0; i < levels; i++)
        {
            AttributeProto body = new() { Name = "then_branch", Type = AttributeProto.Types.AttributeType.Graph, G = graph };
            graph = new GraphProto { Name = "g", Node = { new NodeProto { OpType = "If", Attribute = { body } } } };
        }
        return Changed(g => g.Node.Add(graph.Node));
    }

    [Fact]
    public void Each_bad_model_is_one_error_and_the_good_one_keeps_its_class()
    {
        TinyModel External(string file) => new() { ExternalFile = file };
        TypeProto sequence = new() { SequenceType = new TypeProto.Types.Sequence { ElemType = new TypeProto() } };
        Consumer app = new Consumer(_packages, "bad/App")
            .WithProject("""<AdditionalFiles Include="models/*.onnx;models/missing.onnx" /><AdditionalFiles Update="models/misspelt.onnx" Acess="public" />""")
            .With("models/absolute.onnx", External("/etc/passwd"))
            .With("models/absurd.onnx", [0x08, 8, 0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F])
            .With("models/climbing.onnx", External("../climbing.data"))
            .With("climbing.data", External("").WeightBytes)
            .With("models/contract.onnx", new TinyModel())
            .With("models/contract.onnx.contract.txt", "cleave-contract 1\n")
            .With("models/deep.onnx", Nested(80))
            .With("models/deprecated.onnx", Changed(g => g.Node[0].OpType = "Scatter"))
            .With("models/element.onnx", Changed(g => g.Initializer[0].DataType = 99))
            .With("models/empty.onnx", [])
            .With("models/external.onnx", External("gone.data"))
            .With("models/format.onnx", ChangedModel(m => m.IrVersion = 99))
            .With("models/misspelt.onnx", new TinyModel())
            .With("models/newer.onnx", ChangedModel(m => m.OpsetImport[0].Version = 99))
            .With("models/operator.onnx", Changed(g => g.Node[0].OpType = "Mull"))
            .With("models/nameless.onnx", Changed(g => g.Node[0].Input[0] = "nobody"))
            .With("models/pointer.onnx", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
            .With("models/sequence.onnx", Changed(g => g.Input[0].Type = sequence))
            .With("models/short.onnx", External("short.data"))
            .With("models/short.data", [1, 2, 3])
            .With("models/size.onnx", Changed(g => g.Initializer[0].Dims[0] = 5))
            .With("models/text.onnx", Encoding.UTF8.GetBytes(new string('<', 2000)))
            .With("models/truncated.onnx", new TinyModel().ToBytes()[..60])
            .With("models/twice.onnx", Changed(g => g.Initializer.Add(g.Initializer[0])))
            .With("models/good.onnx", new TinyModel())
            .With("Program.cs", "using App;\n" + Consumer.Print("Good"));
        CommandResult built = app.Build().Failed();
        Assert.Equal(
        [
            ("absolute.onnx", "CLV1013"),
            ("absurd.onnx", "CLV1004"),
            ("climbing.onnx", "CLV1013"),
            ("contract.onnx", "CLV1022"),
            ("deep.onnx", "CLV1007"),
            ("deprecated.onnx", "CLV1021"),
            ("element.onnx", "CLV1008"),
            ("empty.onnx", "CLV1002"),
            ("external.onnx", "CLV1011"),
            ("format.onnx", "CLV1019"),
            ("missing.onnx", "CLV1001"),
            ("misspelt.onnx", "CLV2015"),
            ("nameless.onnx", "CLV1010"),
            ("newer.onnx", "CLV1018"),
            ("operator.onnx", "CLV1020"),
            ("pointer.onnx", "CLV1003"),
            ("sequence.onnx", "CLV2001"),
            ("short.onnx", "CLV1012"),
            ("size.onnx", "CLV1016"),
            ("text.onnx", "CLV1005"),
            ("truncated.onnx", "CLV1004"),
            ("twice.onnx", "CLV1009"),
        ], Errors(built));
    }

    /// <summary>Targets that add models when the package's own have run: what they add is reported, the rest works.</summary>
    [Fact]
    public void A_model_that_is_added_too_late_is_one_error()
    {
        static string Adds(string name, string model) =>
            $"""<Target Name="{name}" BeforeTargets="CoreCompile"><ItemGroup><AdditionalFiles Include="{model}" /></ItemGroup></Target>""";
        Consumer app = new Consumer(_packages, "late/App")
            .WithProject($"""<AdditionalFiles Include="good.onnx" /></ItemGroup>{Adds("Late", "late.onnx")}<ItemGroup>""")
            .With("Directory.Build.targets", $"<Project>{Adds("Later", "later.onnx")}</Project>")
            .With("late.onnx", new TinyModel())
            .With("later.onnx", new TinyModel())
            .With("good.onnx", new TinyModel())
            .With("Program.cs", "using App;\n" + Consumer.Print("Good"));
        Assert.Equal([("late.onnx", "CLV3003"), ("later.onnx", "CLV2005")], Errors(app.Build().Failed()));
    }

    /// <summary>The runtime is for .NET 8: without this, the first word of it would be errors in generated code.</summary>
    [Fact]
    public void An_older_framework_is_refused_when_it_is_restored()
    {
        Consumer app = new Consumer(_packages, "older/App") { Frameworks = "net6.0", Properties = "<CheckEolTargetFramework>false</CheckEolTargetFramework>" }
            .WithProject("""<AdditionalFiles Include="model.onnx" />""")
            .With("model.onnx", new TinyModel())
            .With("Program.cs", "System.Console.WriteLine(1);");
        string output = app.DotNetCommand("restore").Failed().Output;
        Assert.Contains("error NU1202: Package Cleave " + _packages.Version + " is not compatible with net6.0", output);
        Assert.Contains("net8.0", output);
    }

    [Fact]
    public void Another_language_is_refused()
    {
        string folder = new Consumer(_packages, "basic/App")
            .With("App.vbproj", $"""
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
                  <ItemGroup><PackageReference Include="Cleave" Version="{_packages.Version}" /><AdditionalFiles Include="model.onnx" /></ItemGroup>
                  <ItemGroup><OnnxEnsemble Include="Vision" Models="model.onnx;member.onnx" /></ItemGroup>
                </Project>
                """)
            .With("model.onnx", new TinyModel())
            .With("member.onnx", new TinyModel())
            .With("Module.vb", "Module Empty\nEnd Module").Folder;
        CommandResult built = _packages.Build(folder, "build", "App.vbproj").Failed();
        Assert.Equal([("member.onnx", "CLV3013"), ("model.onnx", "CLV3013")], Errors(built).Order());
        Assert.Contains("'App.vbproj' is no C# project", built.Output);
    }

    [Fact]
    public void A_model_of_a_project_that_has_Cleave_through_a_library_only_is_refused()
    {
        new Consumer(_packages, "through/Lib") { IsApplication = false }.WithProject("").With("Lib.cs", "public class Lib;");
        Consumer app = new Consumer(_packages, "through/App")
            .With("App.csproj", $"""
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup><TargetFramework>net10.0</TargetFramework><OutputType>Exe</OutputType></PropertyGroup>
                  <ItemGroup>
                    <ProjectReference Include="../Lib/Lib.csproj" />
                    <PackageReference Include="Microsoft.ML.OnnxRuntime" Version="{PackedPackages.OnnxRuntimeVersion}" />
                    <AdditionalFiles Include="model.onnx" />
                  </ItemGroup>
                </Project>
                """)
            .With("model.onnx", new TinyModel())
            .With("Program.cs", "System.Console.WriteLine(1);");
        Assert.Equal([("model.onnx", "CLV2005")], Errors(app.Build().Failed()));
    }

    [Fact]
    public void Without_the_build_targets_the_generator_says_so()
    {
        Consumer app = new Consumer(_packages, "untargeted/App", cleave: "ExcludeAssets=\"build\"")
            .WithProject("""<AdditionalFiles Include="model.onnx" />""")
            .With("model.onnx", new TinyModel())
            .With("Program.cs", "System.Console.WriteLine(1);");
        Assert.Equal([("model.onnx", "CLV2005")], Errors(app.Build().Failed()));
    }
}
