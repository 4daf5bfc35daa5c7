using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Cleave.Core.Batching;
using Cleave.Core.Ensembles;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.TestKit;
using Cleave.TestKit.Ensembles;
using Cleave.Tuning;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests.Tuning;

/// <summary>The matrices in docs/ensembles.md are what <c>cleave plan --ensemble</c> prints.</summary>
public sealed partial class DocumentedMatrixTests : IDisposable
{
    private const int Members = 5;

    private static readonly string Page = File.ReadAllText(Path.Combine(SharedModels.Repository, "docs", "ensembles.md")).ReplaceLineEndings("\n");

    private readonly TempFolder _project = new();
    private readonly string[] _paths;

    public DocumentedMatrixTests()
    {
        _paths = [.. Enumerable.Range(1, Members).Select(i => Path.Combine(_project.Path, $"spiral{i}.onnx"))];
        for (int m = 0; m < Members; m++)
            File.WriteAllBytes(_paths[m], SpiralClassifiers.Member((ulong)m + 1).ToByteArray());
    }

    public void Dispose() => _project.Dispose();

    [Fact]
    public async Task What_is_predicted_is_on_the_page()
    {
        Assert.Equal(Documented("Spirals", "predicted"), await Printed());
    }

    [Fact]
    public async Task What_was_measured_is_shown_as_on_the_page()
    {
        InstanceGroup best = new(1, 1, 128);
        Write("Spirals", _paths, [best, best, best, best, best], nanoseconds: 1250, untuned: 5100, tried: 10, []);
        Assert.Equal(Documented("Spirals", "measured"), await Printed());
    }

    [Fact]
    public async Task The_samples_ensemble_is_on_the_page()
    {
        string folder = Path.Combine(SharedModels.Repository, "sample-app", "PageReader");
        string[] paths = [.. new[] { "a", "b", "c" }.Select(m => Path.Combine(folder, "models", "recognizer_" + m + ".onnx"))];
        string[] arguments = ["plan", "--ensemble", "Recognizers", "--project", _project.Path, "--cores", "2", "--dims", "width=256", .. paths];
        Assert.Equal(Documented("Recognizers", "predicted"), Lines(await ToolRun.Of(arguments), folder));
        Write("Recognizers", paths, [new(1, 1, 128), new(2, 1, 32), new(2, 1, 8)], nanoseconds: 1_323_276, untuned: 1_495_300, tried: 25, ["width=256"]);
        Assert.Equal(Documented("Recognizers", "measured"), Lines(await ToolRun.Of(arguments), folder));
    }

    // The numbers of the page, as its machine's file had them, for this machine.
    private void Write(string ensemble, string[] paths, InstanceGroup[] best, long nanoseconds, long untuned, int tried, string[] sizes)
    {
        TunedMember[] members = [.. paths.Select(static p => new TunedMember(new MemberMemory(p, 1, 1), ListingWriter.Hash(ModelReader.ReadFile(p)), []))];
        TunedMatrix[] matrices = [new([.. best.Select(static _ => new InstanceGroup(2, 1, 32))], untuned), new(best, nanoseconds), .. Enumerable.Range(2, tried - 2).Select(i => new TunedMatrix(best, nanoseconds + i))];
        EnsembleTuningFile file = EnsembleTuningFile.Empty.With(new EnsembleTuningSection(ThisMachine.Of(2), IsComplete: true, members, matrices) { Requests = new(sizes, [], []) });
        File.WriteAllText(Path.Combine(_project.Path, ensemble + ".ensemble.tune"), file.Write());
    }

    // Columns are as wide as the paths, which are others here; the memory of each member is not on the page.
    private async Task<string[]> Printed()
    {
        ToolRun plan = await ToolRun.Of(["plan", "--ensemble", "Spirals", "--project", _project.Path, "--cores", "2", .. _paths]);
        return Lines(plan, _project.Path);
    }

    private static string[] Lines(ToolRun plan, string folder)
    {
        Assert.Equal("", plan.Code == 0 ? "" : plan.Output + plan.Error);
        string text = plan.Output.Replace(folder + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);
        return [.. text.TrimEnd('\n').Split('\n').Where(static line => !line.EndsWith(" MB", StringComparison.Ordinal)).Select(Words)];
    }

    private static string[] Documented(string ensemble, string source)
    {
        Match block = Regex.Match(Page, $@"^```\n({ensemble}, 2 cores, {source}:.*?)\n```$", RegexOptions.Singleline | RegexOptions.Multiline);
        Assert.True(block.Success, $"docs/ensembles.md has no block that begins with: {ensemble}, 2 cores, {source}");
        return [.. block.Groups[1].Value.Split('\n').Select(Words)];
    }

    private static string Words(string line) => Spaces().Replace(line.Trim(), " ");

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();
}
