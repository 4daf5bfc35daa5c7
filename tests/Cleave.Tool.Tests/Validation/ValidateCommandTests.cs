using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using System.Xml.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.OnnxProto;
using Cleave.Tool.Commands;
using Cleave.Tool.Measuring;
using Cleave.Tool.Validation;
using Google.Protobuf;
using Xunit;
using Kind = Cleave.OnnxProto.AttributeProto.Types.AttributeType;

namespace Cleave.Tool.Tests.Validation;

public sealed class ValidateCommandTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    private string Beside(string name) => Path.Combine(Path.GetDirectoryName(_tiny.Path)!, name);

    // Markup everywhere, as far as the file system takes it.
    public static string Hostile => OperatingSystem.IsWindows() ? "a&b`[c](d).onnx" : "a|b<script>&\"'`[c](d).onnx";

    [Fact]
    public async Task What_passed_is_told_in_every_form_and_remembered()
    {
        string hostile = Beside(Hostile);
        File.Copy(_tiny.Save(), hostile);
        string[] arguments = ["validate", hostile, "--cache", Beside("cache"), "--junit", Beside("out/junit.xml"), "--summary", Beside("out/summary.md")];

        ToolRun first = await ToolRun.Of(arguments);
        Assert.Equal((0, ""), (first.Code, first.Error));
        Assert.Contains(": passed (load and run, whole model as Cleave opens it", first.Output);
        XElement suite = XDocument.Load(Beside("out/junit.xml")).Root!.Element("testsuite")!;
        Assert.Equal(hostile, suite.Attribute("name")!.Value);
        Assert.Equal("0", suite.Attribute("failures")!.Value);
        Assert.NotEmpty(suite.Elements("testcase"));
        string summary = await File.ReadAllTextAsync(Beside("out/summary.md"));
        Assert.DoesNotContain("<script>", summary);
        // Cells end where the table says, not the model.
        Assert.Equal(5, summary.Split('\n').Single(l => l.Contains(".onnx")).Replace("\\|", "").Count(c => c == '|'));

        Assert.Contains("passed before, unchanged", (await ToolRun.Of(arguments)).Output);
        // By content: another time is no change, other weights are.
        File.SetLastWriteTimeUtc(hostile, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        Assert.Contains("passed before, unchanged", (await ToolRun.Of(arguments)).Output);
        _tiny.Model.Graph.Initializer[0].RawData = ByteString.CopyFrom(new byte[15].Append((byte)63).ToArray());
        File.Copy(_tiny.Save(), hostile, overwrite: true);
        Assert.Contains(": passed (", (await ToolRun.Of(arguments)).Output);
    }

    [Fact]
    public async Task What_fails_is_an_error_in_the_form_that_builds_read_and_is_not_remembered()
    {
        Assert.Equal(0, (await ToolRun.Of("golden", "--record", _tiny.Save())).Code);
        string good = Beside("good.onnx"), refused = Beside("refused.onnx");
        File.Copy(_tiny.Path, good);
        _tiny.Model.Graph.Initializer[0].RawData = ByteString.CopyFrom(Enumerable.Repeat(0.5f, 4).SelectMany(BitConverter.GetBytes).ToArray());
        _tiny.Save();
        ModelProto unknown = _tiny.Model.Clone();
        unknown.Graph.Node[0].Domain = "nobody";
        unknown.OpsetImport.Add(new OperatorSetIdProto { Domain = "nobody", Version = 1 });
        File.WriteAllBytes(refused, unknown.ToByteArray());

        string[] arguments = ["validate", _tiny.Path, good, refused, Beside("gone.onnx"), "--cache", Beside("cache"), "--junit", Beside("junit.xml")];
        for (int time = 0; time < 2; time++)
        {
            ToolRun run = await ToolRun.Of(arguments);
            Assert.Equal(1, run.Code);
            string[] lines = run.Output.TrimEnd().Split('\n');
            Assert.Equal(4, lines.Length);
            Assert.StartsWith($"{_tiny.Path} : error CLV3008: The model '{_tiny.Path}' failed its validation, recorded outputs: the output 'y' is not what test_data_set_0 records", lines.Single(l => l.Contains("tiny_model")));
            Assert.StartsWith($"{good}: passed", lines.Single(l => l.Contains("good")));
            Assert.Contains("failed its validation, load and run:", lines.Single(l => l.Contains("refused")));
            Assert.Contains("the file does not exist", lines.Single(l => l.Contains("gone")));
        }
        Assert.Equal(["1", "0", "1", "1"], XDocument.Load(Beside("junit.xml")).Root!.Elements("testsuite").Select(s => s.Attribute("failures")!.Value));
    }

    /// <summary>A loop that never ends: the process is stopped, and the model named.</summary>
    [Fact]
    public async Task A_model_that_hangs_is_stopped()
    {
        GraphProto body = new() { Name = "body" };
        body.Input.Add([TinyModel.Value("turn", 7), TinyModel.Value("go", 9), TinyModel.Value("state", TinyModel.Float, 1)]);
        body.Output.Add([TinyModel.Value("go_on", 9), TinyModel.Value("next", TinyModel.Float, 1)]);
        body.Node.Add([TinyModel.Node("Identity", ["go"], "go_on"), TinyModel.Node("Relu", ["state"], "next")]);
        NodeProto loop = TinyModel.Node("Loop", ["", "", "start"], "z");
        loop.Attribute.Add(new AttributeProto { Name = "body", Type = Kind.Graph, G = body });
        _tiny.Model.Graph.Initializer.Add(TinyModel.Weight("start", TinyModel.Float, sizeof(float), 1));
        _tiny.Model.Graph.Node.Add(loop);
        _tiny.Model.Graph.Output.Add(TinyModel.Value("z", TinyModel.Float, 1));

        ToolRun run = await ToolRun.Of("validate", _tiny.Save(), "--limit", "3");
        Assert.Equal(1, run.Code);
        Assert.StartsWith($"{_tiny.Path} : error CLV3009: The validation of '{_tiny.Path}' did not come to an end: it did not end within 3 seconds and was stopped.", run.Output);
    }

    /// <summary>This test's own program stands for one that dies in native code (<see cref="DyingWorker"/>).</summary>
    [Fact]
    public async Task A_process_that_dies_is_an_error_of_its_model()
    {
        ValidationProcess process = new(new WorkerHost(typeof(DyingWorker).Assembly), TimeSpan.FromMinutes(1), null);
        ValidationReport report = await process.RunAsync(_tiny.Save(), new ListingOptions { Source = "m.onnx" }, CancellationToken.None);
        Problem problem = Assert.Single(report.Checks).ToProblem()!;
        Assert.Equal("CLV3009", problem.Rule.Id);
        Assert.Matches("its process ended with the code -?[1-9][0-9]*", problem.Message("m.onnx"));
    }

    [Fact]
    public async Task A_process_that_says_nothing_is_an_error_of_its_model()
    {
        string silent = Beside(DyingWorker.Silent);
        File.Copy(_tiny.Save(), silent);
        ValidationProcess process = new(new WorkerHost(typeof(DyingWorker).Assembly), TimeSpan.FromMinutes(1), null);
        ValidationReport report = await process.RunAsync(silent, new ListingOptions { Source = "m.onnx" }, CancellationToken.None);
        Problem problem = Assert.Single(report.Checks).ToProblem()!;
        Assert.Equal("CLV3009", problem.Rule.Id);
        Assert.Contains("its process ended without an answer", problem.Message("m.onnx"));
    }

    /// <summary>What runs is the library that was given, and what says so is the process that ran.</summary>
    [Fact]
    public async Task The_library_that_is_given_is_the_one_that_is_loaded()
    {
        LoadedOnnxRuntime own = LoadedOnnxRuntime.Find();
        string given = Beside(Path.GetFileName(own.File!));
        File.Copy(own.File!, given);
        foreach (string? library in new[] { null, given })
        {
            ValidationRequest request = new([_tiny.Save()], ".", library, null, null, null, TimeSpan.FromMinutes(5), "");
            ValidationReport report = Assert.Single(await request.RunAsync(new WorkerHost(typeof(ValidateCommand).Assembly), static _ => { }, CancellationToken.None));
            Assert.True(report.Passed);
            Assert.Equal(own.Version, report.OnnxRuntime!.Version);
            Assert.Equal(library is not null, report.OnnxRuntime.File == given);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_library_that_does_not_serve_is_said_to_be_so_once(bool isLibrary)
    {
        string library = Beside("libonnxruntime.so");
        if (isLibrary)
            File.Copy(Process.GetCurrentProcess().Modules.Cast<ProcessModule>().First(m => Path.GetFileName(m.FileName).Contains("System.Native")).FileName, library);
        else
            File.WriteAllText(library, "no library");
        ToolRun run = await ToolRun.Of("validate", _tiny.Save(), _tiny.Path, "--onnxruntime", library);
        Assert.Equal((2, ""), (run.Code, run.Output));
        Assert.StartsWith($"cleave: error '{library}' cannot be used by this command, which is made for ONNX Runtime ", run.Error);
        Assert.Equal(1, run.Error.Count(c => c == '\n'));

        ToolRun none = await ToolRun.Of("validate", _tiny.Path, "--onnxruntime", Beside("gone.so"));
        Assert.Equal((2, ""), (none.Code, none.Output));
        Assert.Contains("there is no such file", none.Error);
    }

    /// <summary>A build takes 1 for a model that did not pass, and reports nothing itself then.</summary>
    [Theory]
    [InlineData("--limit", "5min")]
    [InlineData("--limit", "-5")]
    [InlineData("--limit", "0")]
    [InlineData("--limit", "5000000")]
    [InlineData("--project", "")]
    [InlineData("--onnxruntime", "")]
    [InlineData("--max-slowdown", "fast")]
    public async Task What_could_not_be_validated_is_another_exit_code_than_a_model_that_fails(params string[] more)
    {
        ToolRun run = await ToolRun.Of(["validate", _tiny.Save(), .. more]);
        Assert.Equal(2, run.Code);
        Assert.DoesNotContain("   at ", run.Error);
        Assert.NotEmpty(run.Error);
    }

    [Fact]
    public async Task What_was_found_is_told_although_a_file_cannot_be_written()
    {
        string[] arguments = ["validate", _tiny.Save(), Beside("gone.onnx")];
        // A folder below a file.
        string nowhere = Path.Combine(_tiny.Path, "nowhere");
        ToolRun run = await ToolRun.Of([.. arguments, "--junit", nowhere]);
        Assert.Equal(2, run.Code);
        Assert.Contains("tiny_model.onnx: passed", run.Output);
        Assert.Contains("gone.onnx : error CLV3008", run.Output);
        Assert.StartsWith("cleave: error ", run.Error);

        run = await ToolRun.Of([.. arguments, "--cache", nowhere]);
        Assert.Equal((1, ""), (run.Code, run.Error));
        Assert.Contains("tiny_model.onnx: passed", run.Output);
        Assert.Contains("tiny_model.onnx: note: that it passed is not remembered: ", run.Output);
        Assert.Contains("gone.onnx : error CLV3008", run.Output);
    }

    /// <summary>Where the build of a project has its listings is one thing, where a shell stands another.</summary>
    [Fact]
    public async Task Only_paths_in_listings_are_relative_to_the_project()
    {
        using TempFolder project = new();
        string name = Guid.NewGuid().ToString("N") + ".onnx";
        File.Copy(_tiny.Save(), name);
        try
        {
            ToolRun run = await ToolRun.Of("validate", name, "--project", project.Path);
            Assert.Equal((0, ""), (run.Code, run.Error));
            Assert.StartsWith(name + ": passed", run.Output);
        }
        finally
        {
            File.Delete(name);
        }
    }

    [Fact]
    public async Task A_listing_carries_what_the_item_says()
    {
        _tiny.Save();
        string listing = Beside("m.graph");
        await File.WriteAllTextAsync(listing, "cleave-listing 1\noptions\n  source \"tiny_model.onnx\"\n  dims \"batch=5\"\n");
        ToolRun run = await ToolRun.Of("validate", listing, "--project", Path.GetDirectoryName(_tiny.Path)!);
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.StartsWith("tiny_model.onnx: passed", run.Output);

        await File.WriteAllTextAsync(listing, "cleave-listing 1\noptions\n  source \"tiny_model.onnx\"\n  dims \"nobody=5\"\n");
        run = await ToolRun.Of("validate", listing, "--project", Path.GetDirectoryName(_tiny.Path)!);
        Assert.Equal(1, run.Code);
        Assert.Contains("no dimension of that name open", run.Output);
    }

    /// <summary>What only the application can load is left out by its item, and never without a word.</summary>
    [Theory]
    [InlineData("false")]
    [InlineData("False")]
    public async Task A_model_that_its_item_leaves_out_is_named_as_not_validated(string value)
    {
        WithOperatorOf("com.example");
        string left = Beside("left.graph"), good = Beside("good.onnx"), junit = Beside("junit.xml"), summary = Beside("summary.md");
        await File.WriteAllTextAsync(left, $"cleave-listing 1\noptions\n  source \"tiny_model.onnx\"\n  validate \"{value}\"\n");
        using (TinyModel other = new())
            File.Copy(other.Save(), good);

        ToolRun run = await ToolRun.Of("validate", left, good, "--project", Beside(""), "--junit", junit, "--summary", summary);

        Assert.Equal((0, ""), (run.Code, run.Error));
        string[] lines = run.Output.TrimEnd().Split('\n');
        Assert.Equal("tiny_model.onnx: not validated: its item says Validate=\"false\"", lines[0]);
        Assert.StartsWith($"{good}: passed (", lines[1]);
        Assert.Equal(2, lines.Length);
        XElement suite = XDocument.Load(junit).Root!.Elements("testsuite").First();
        Assert.Equal(("1", "0", "1"), (suite.Attribute("tests")!.Value, suite.Attribute("failures")!.Value, suite.Attribute("skipped")!.Value));
        Assert.Equal("its item says Validate=\"false\"", Assert.Single(suite.Elements("testcase")).Element("skipped")!.Attribute("message")!.Value);
        Assert.Contains("| tiny\\_model.onnx | not validated | 0.0 | its item says", await File.ReadAllTextAsync(summary));
    }

    [Fact]
    public async Task A_model_that_its_item_does_not_leave_out_is_validated()
    {
        _tiny.Save();
        string listing = Beside("m.graph");
        await File.WriteAllTextAsync(listing, "cleave-listing 1\noptions\n  source \"tiny_model.onnx\"\n  validate \"true\"\n");
        ToolRun run = await ToolRun.Of("validate", listing, "--project", Beside(""));
        Assert.StartsWith("tiny_model.onnx: passed (", run.Output);
    }

    [Theory]
    [InlineData("com.example", true)]
    [InlineData("ai.onnx.contrib", true)]
    [InlineData("com.microsoft", false)]
    public async Task Where_operators_are_the_applications_the_way_out_is_named(string domain, bool isNamed)
    {
        WithOperatorOf(domain);
        ToolRun run = await ToolRun.Of("validate", _tiny.Save());
        Assert.Equal(1, run.Code);
        Assert.Contains("failed its validation, load and run: ", run.Output);
        string wayOut = $" (it has operators of '{domain}': where the application registers them, Validate=\"false\" on the model's item leaves it out)";
        Assert.Equal(isNamed, run.Output.Contains(wayOut, StringComparison.Ordinal));
        Assert.Equal(isNamed, run.Output.Contains("Validate=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Operators_of_the_application_may_be_in_the_branch_of_a_function()
    {
        WithOperatorOf("com.example");
        NodeProto theirs = _tiny.Model.Graph.Node[0].Clone();
        GraphProto branch = new() { Name = "b", Node = { theirs }, Output = { new ValueInfoProto { Name = theirs.Output[0] } } };
        NodeProto choice = new() { OpType = "If", Input = { theirs.Input[0] }, Output = { "chosen" } };
        foreach (string name in (string[])["then_branch", "else_branch"])
            choice.Attribute.Add(new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Graph, G = branch });
        _tiny.Model.Functions.Add(new FunctionProto
        {
            Domain = "own",
            Name = "Theirs",
            Input = { theirs.Input },
            Output = { "chosen" },
            Node = { choice },
            OpsetImport = { _tiny.Model.OpsetImport },
        });
        _tiny.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "own", Version = 1 });
        _tiny.Model.Graph.Node[0].Domain = "own";
        ToolRun run = await ToolRun.Of("validate", _tiny.Save());
        Assert.Equal(1, run.Code);
        Assert.Contains("it has operators of 'com.example'", run.Output);
    }

    private void WithOperatorOf(string domain)
    {
        _tiny.Model.Graph.Node[0].Domain = domain;
        _tiny.Model.Graph.Node[0].OpType = "Theirs";
        _tiny.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = domain, Version = 1 });
        _tiny.Save();
    }
}
