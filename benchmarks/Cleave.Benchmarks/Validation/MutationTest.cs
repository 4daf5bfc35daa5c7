using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.TestKit;
using Cleave.TestKit.Damage;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Validation;

/// <summary>
/// Models damaged by a seeded mutator in one project that uses the packed package: each must be an error of a fitting id
/// at its file, from the build, from the validation, or, where nothing but recorded data can show it, from those.
/// </summary>
internal sealed class MutationTest : IFamily
{
    private const int Seed = 20261127;
    private const string Target = "every one, with a fitting id";

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        string what = "damaged models stopped";
        (string Name, byte[] Bytes)[] models = [.. SharedModels.All.Select(m => (m, File.ReadAllBytes(SharedModels.PathOf(m))))];
        if (models.Length == 0)
            return [Line.NotMeasured(what, Target, "the models are absent")];
        DamagedModel[] damaged = [.. DamageKind.Draw(models, options.Quick ? DamageKinds.All.Count : 200, Seed)];
        using DamagedProject project = new(models, damaged);

        Dictionary<string, HashSet<string>> built = project.Build("Damaged", "-p:WarningsAsErrors=CLV1025%3BCLV2015");
        Dictionary<string, HashSet<string>> published = project.Publish();
        DamagedModel[] left = [.. damaged.Where((_, i) => !built.ContainsKey(DamagedProject.NameOf(i)) && !published.ContainsKey(DamagedProject.NameOf(i)))];
        Dictionary<string, HashSet<string>> run = project.Validate([.. damaged.Select((_, i) => i).Where(i => left.Contains(damaged[i]))], recorded: false);
        int[] silent = [.. Enumerable.Range(0, damaged.Length).Where(i => left.Contains(damaged[i]) && !run.ContainsKey(DamagedProject.NameOf(i)))];
        Dictionary<string, HashSet<string>> compared = project.Validate(silent, recorded: true);
        Dictionary<string, HashSet<string>> sound = project.Build("Sound", "-p:TreatWarningsAsErrors=true");

        object samples = damaged.Select((d, i) => new
        {
            d.Kind.Name,
            d.Model,
            Expected = d.Kind.Ids,
            Build = built.GetValueOrDefault(DamagedProject.NameOf(i)),
            Publish = published.GetValueOrDefault(DamagedProject.NameOf(i)),
            Validation = run.GetValueOrDefault(DamagedProject.NameOf(i)),
            Recorded = compared.GetValueOrDefault(DamagedProject.NameOf(i)),
        }).ToArray();
        int fitting = damaged.Where((d, i) => new[] { built, published, run, compared }.Any(f => f.GetValueOrDefault(DamagedProject.NameOf(i))?.Overlaps(d.Kind.Ids) == true)).Count();
        string[] kinds = [.. silent.Select(i => damaged[i].Kind).Where(k => k.Seen is not Seen.Recording).Select(k => k.Name).Distinct()];
        string measured = $"{fitting} of {damaged.Length} in {damaged.Select(d => d.Kind.Name).Distinct().Count()} kinds: {built.Count} by the build, {published.Count} by publishing, {run.Count} by running, "
            + $"{compared.Count} by recorded data alone ({string.Join(", ", silent.Select(i => damaged[i].Kind.Name).Distinct())})";
        return
        [
            Line.Of(what, Target, measured, fitting == damaged.Length && kinds.Length == 0, samples),
            Line.Of($"the {models.Length} models undamaged", "no error", sound.Count == 0 ? "no error" : string.Join("; ", sound.Select(s => s.Key + " " + string.Join(",", s.Value))), sound.Count == 0, sound),
        ];
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;
}

/// <summary>One project with all damaged models, each with the contract and the recording of the model it was made of, and one with these.</summary>
internal sealed class DamagedProject : IDisposable
{
    private static readonly Regex Error = new(@"(?<file>m\d\d\d|[\w.-]+)\.onnx(\([\d,]+\))?\s*: error (?<id>CLV\d+)", RegexOptions.CultureInvariant);
    private readonly PackedFolder _folder = new();
    private readonly DamagedModel[] _damaged;
    private readonly ModelRecordings _recordings;

    public DamagedProject(IReadOnlyList<(string Name, byte[] Bytes)> models, DamagedModel[] damaged)
    {
        _damaged = damaged;
        _recordings = new ModelRecordings(_folder.PathOf("recorded"));
        Dictionary<string, string> contracts = models.ToDictionary(m => m.Name, m => Contract(m.Bytes));
        StringBuilder items = new();
        for (int i = 0; i < damaged.Length; i++)
        {
            foreach ((string name, byte[] bytes) in damaged[i].Files)
                _folder.Write("Damaged/" + (name.Length == 0 ? NameOf(i) + ".onnx" : name), bytes);
            _folder.Write($"Damaged/{NameOf(i)}.onnx.contract.txt", contracts[damaged[i].Model]);
            items.Append($"    <AdditionalFiles Include=\"{NameOf(i)}.onnx\" {damaged[i].Metadata} />\n");
        }
        // A place outside the project's folder is what "outside" names.
        _folder.Write("outside.data", new byte[1 << 24]);
        _folder.WriteProject("Damaged", _folder.CleaveReference + "\n" + items);
        WriteUnpublished();
        foreach ((string name, byte[] bytes) in models)
        {
            _folder.Write("Sound/" + Path.GetFileName(name), bytes);
            _folder.Write("Sound/" + Path.GetFileName(name) + ".contract.txt", contracts[name]);
        }
        _folder.WriteProject("Sound", _folder.CleaveReference + "\n    <AdditionalFiles Include=\"*.onnx\" />");
    }

    public static string NameOf(int number) => $"m{number:000}";

    /// <summary>Builds a project: the ids of errors, by model.</summary>
    public Dictionary<string, HashSet<string>> Build(string project, string argument)
    {
        _folder.Write(project + "/Program.cs", "System.Console.WriteLine();\n");
        DotNetResult built = _folder.DotNet("build", project, "-c", "Release", argument);
        Dictionary<string, HashSet<string>> errors = Errors(built.Output);
        if ((built.ExitCode == 0) != (errors.Count == 0))
            throw new InvalidOperationException($"The build of {project} ended with {built.ExitCode}: {built.Output}");
        return errors;
    }

    /// <summary>Publishes an application of whose models a target takes all away: the ids of errors, by model.</summary>
    public Dictionary<string, HashSet<string>> Publish() => Errors(_folder.DotNet("publish", "Unpublished", "-c", "Release").Output);

    /// <summary>Runs damaged models; with what the sound ones were recorded to give, where that is wanted.</summary>
    public Dictionary<string, HashSet<string>> Validate(int[] numbers, bool recorded)
    {
        if (numbers.Length == 0)
            return [];
        foreach (int i in numbers.Where(_ => recorded))
            _recordings.Copy(_damaged[i].Model, _folder.PathOf($"Damaged/{NameOf(i)}.onnx"));
        return Errors(ToolRun.Output(["validate", .. numbers.Select(i => _folder.PathOf($"Damaged/{NameOf(i)}.onnx"))]));
    }

    public void Dispose() => _folder.Dispose();

    private void WriteUnpublished()
    {
        string[] names = [.. Enumerable.Range(0, _damaged.Length).Where(i => _damaged[i].Kind.Seen is Seen.Publish).Select(NameOf)];
        foreach (string name in names)
            _folder.Write($"Unpublished/{name}.onnx", File.ReadAllBytes(_folder.PathOf($"Damaged/{name}.onnx")));
        _folder.WriteProject("Unpublished", _folder.CleaveReference + "\n    <AdditionalFiles Include=\"*.onnx\" />");
        _folder.Write("Unpublished/Program.cs", "System.Console.WriteLine();\n");
        _folder.Write("Unpublished/Directory.Build.targets", """
            <Project>
              <Target Name="TakeAway" AfterTargets="ComputeResolvedFilesToPublishList">
                <ItemGroup><ResolvedFileToPublish Remove="@(ResolvedFileToPublish)" Condition="'%(Extension)' == '.onnx'" /></ItemGroup>
              </Target>
            </Project>
            """);
    }

    private static string Contract(byte[] bytes)
    {
        using ByteSource source = ByteSource.FromBytes(bytes);
        return ModelContract.Text(ModelReader.Read(source, CancellationToken.None), "model");
    }

    private static Dictionary<string, HashSet<string>> Errors(string output)
    {
        Dictionary<string, HashSet<string>> errors = [];
        foreach (Match match in output.Split('\n').Select(l => Error.Match(l)).Where(m => m.Success))
        {
            if (!errors.TryGetValue(match.Groups["file"].Value, out HashSet<string>? ids))
                errors.Add(match.Groups["file"].Value, ids = []);
            ids.Add(match.Groups["id"].Value);
        }
        return errors;
    }
}
