using System.IO;
using System.Linq;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Google.Protobuf;
using Xunit;

namespace Cleave.EndToEnd.Tests;

/// <summary>The item metadata Outputs, from the project file through MSBuild to the numbers.</summary>
[Collection(Applications.Name)]
public sealed class ChosenOutputTests(PackedPackagesInUse inUse)
{
    private readonly PackedPackages _packages = inUse.Packages;

    // x -> Neg "a;b%3B(c)" -> Abs y; z -> Neg -> w, which nothing here needs.
    private static byte[] Model()
    {
        ModelProto model = ModelProto.Parser.ParseFrom(new TinyModel().ToBytes());
        ValueInfoProto Like(string name) => new(model.Graph.Input[0]) { Name = name };
        model.Graph.Node.Clear();
        model.Graph.Initializer.Clear();
        model.Graph.Input.Add(Like("z"));
        model.Graph.Output.Add(Like("w"));
        model.Graph.Node.Add(
        [
            new NodeProto { OpType = "Neg", Input = { "x" }, Output = { "a;b%3B(c)" } },
            new NodeProto { OpType = "Abs", Input = { "a;b%3B(c)" }, Output = { "y" } },
            new NodeProto { OpType = "Neg", Input = { "z" }, Output = { "w" } },
        ]);
        return model.ToByteArray();
    }

    private static string Items(string outputs) => $"""<AdditionalFiles Include="models/net.onnx" Outputs="{outputs}" />""";

    [Fact]
    public void A_project_chooses_outputs_and_changes_its_mind()
    {
        Consumer app = new Consumer(_packages, "chosen/App")
            .WithProject(Items(" y ;\n a%3Bb%253B(c);; ")).With("models/net.onnx", Model())
            .With("Program.cs", """
                using App;
                using NetRunner runner = new();
                using NetOutput output = runner.Run(new NetInput { X = new float[] { 1, -2, 3, -4 } });
                System.Console.WriteLine(string.Join(" ", output.Y.ToArray()) + " | " + string.Join(" ", output.AB3BC.ToArray()));
                """);
        app.Build().Succeeded();
        Assert.Equal("1 2 3 4 | -1 2 -3 4\n", app.Run());
        string listing = File.ReadAllText(app.PathOf("obj/Debug/net10.0/cleave/models.net.graph"));
        Assert.Contains("\n  outputs [\"y\",\"a;b%3B(c)\"]\n", listing);

        // Nothing changed: nothing is read.
        Assert.DoesNotContain("Cleave: reading", app.Build("-v:normal").Succeeded().Output);

        // Another choice is another class, of the same graph.
        app.WithProject(Items("w")).With("Program.cs", """
            using App;
            using NetRunner runner = new();
            using NetOutput output = runner.Run(new NetInput { Z = new float[] { 5, 6, 7, 8 } });
            System.Console.WriteLine(string.Join(" ", output.W.ToArray()));
            """);
        app.Build().Succeeded();
        Assert.Equal("-5 -6 -7 -8\n", app.Run());
        string other = File.ReadAllText(app.PathOf("obj/Debug/net10.0/cleave/models.net.graph"));
        Assert.Equal(Hash(listing), Hash(other));

        // A wrong name is an error at the model's file.
        app.WithProject(Items("v;y"));
        CommandResult failed = app.Build().Failed();
        Assert.Contains(failed.Lines, l => l.Contains("net.onnx") && l.Contains("error CLV2010") && l.Contains("'v'"));
    }

    private static string Hash(string listing) => listing.Split('\n').Single(l => l.StartsWith("hash "));
}
