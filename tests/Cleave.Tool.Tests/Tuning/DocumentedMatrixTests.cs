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

/// <summary>The matrices of the spirals in docs/ensembles.md are what <c>cleave plan --ensemble</c> prints.</summary>
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
        Assert.Equal(Documented("predicted"), await Printed());
    }

    [Fact]
    public async Task What_was_measured_is_shown_as_on_the_page()
    {
        // The numbers of the page, as its machine's file had them, for this machine.
        TunedMember[] members = [.. _paths.Select(static p => new TunedMember(new MemberMemory(p, 1, 1), ListingWriter.Hash(ModelReader.ReadFile(p)), []))];
        TunedMatrix untuned = Of(new InstanceGroup(2, 1, 32), 5100), best = Of(new InstanceGroup(1, 1, 128), 1250);
        TunedMatrix[] tried = [untuned, best, .. Enumerable.Range(2, 8).Select(i => Of(new InstanceGroup(1, 1, 128 >> (i % 4)), 1300 + i))];
        EnsembleTuningFile file = EnsembleTuningFile.Empty.With(new EnsembleTuningSection(ThisMachine.Of(2), IsComplete: true, members, tried));
        File.WriteAllText(Path.Combine(_project.Path, "Spirals.ensemble.tune"), file.Write());
        Assert.Equal(Documented("measured"), await Printed());

        TunedMatrix Of(InstanceGroup cell, long nanoseconds) => new([.. Enumerable.Repeat(cell, Members)], nanoseconds);
    }

    // Columns are as wide as the paths, which are others here; the memory of each member is not on the page.
    private async Task<string[]> Printed()
    {
        ToolRun plan = await ToolRun.Of(["plan", "--ensemble", "Spirals", "--project", _project.Path, "--cores", "2", .. _paths]);
        Assert.Equal("", plan.Code == 0 ? "" : plan.Output + plan.Error);
        return [.. plan.Output.Replace(_project.Path + Path.DirectorySeparatorChar, "", StringComparison.Ordinal).TrimEnd('\n').Split('\n')
            .Where(static line => !line.EndsWith(" MB", StringComparison.Ordinal)).Select(Words)];
    }

    private static string[] Documented(string source)
    {
        Match block = Regex.Match(Page, $@"^```\n(Spirals, 2 cores, {source}:.*?)\n```$", RegexOptions.Singleline | RegexOptions.Multiline);
        Assert.True(block.Success, "docs/ensembles.md has no block that begins with: Spirals, 2 cores, " + source);
        return [.. block.Groups[1].Value.Split('\n').Select(Words)];
    }

    private static string Words(string line) => Spaces().Replace(line.Trim(), " ");

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();
}
