using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using Cleave.TestKit;
using Xunit;

namespace Cleave.EndToEnd.Tests;

[Collection(PackedPackagesCollection.Name)]
public sealed partial class BadModelTests(PackedPackages packages)
{
    [GeneratedRegex(@"^\s*(?<file>.+?)(\([\d,]+\))?\s*: error (?<id>\w+): ")]
    private static partial Regex ErrorLine();

    // Each error is printed when it occurs and again in the summary.
    private static List<(string File, string Id)> Errors(CommandResult built) =>
        [.. built.Lines.Select(l => ErrorLine().Match(l)).Where(m => m.Success)
            .Select(m => (Path.GetFileName(m.Groups["file"].Value), m.Groups["id"].Value)).Distinct().Order()];

    [Fact]
    public void Each_bad_model_is_one_error_and_the_good_one_keeps_its_class()
    {
        TinyModel external = new() { ExternalFile = "gone.data" };
        Consumer app = new Consumer(packages, "bad/App")
            .WithProject("""<AdditionalFiles Include="models/*.onnx;models/missing.onnx" />""")
            .With("models/empty.onnx", [])
            .With("models/pointer.onnx", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
            .With("models/truncated.onnx", new TinyModel().ToBytes()[..60])
            .With("models/text.onnx", Encoding.UTF8.GetBytes(new string('<', 2000)))
            .With("models/external.onnx", external)
            .With("models/good.onnx", new TinyModel())
            .With("Program.cs", "using App;\n" + Consumer.Print("Good"));
        CommandResult built = app.Build().Failed();
        Assert.Equal(
        [
            ("empty.onnx", "CLV1002"),
            ("external.onnx", "CLV1011"),
            ("missing.onnx", "CLV1001"),
            ("pointer.onnx", "CLV1003"),
            ("text.onnx", "CLV1005"),
            ("truncated.onnx", "CLV1004"),
        ], Errors(built));
    }

    [Fact]
    public void Without_the_build_targets_the_generator_says_so()
    {
        Consumer app = new Consumer(packages, "untargeted/App", cleave: "ExcludeAssets=\"build\"")
            .WithProject("""<AdditionalFiles Include="model.onnx" />""")
            .With("model.onnx", new TinyModel())
            .With("Program.cs", "System.Console.WriteLine(1);");
        Assert.Equal([("model.onnx", "CLV2005")], Errors(app.Build().Failed()));
    }
}
