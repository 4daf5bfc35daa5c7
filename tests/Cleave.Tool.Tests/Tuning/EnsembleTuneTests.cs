using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Batching;
using Cleave.Core.Ensembles;
using Cleave.OnnxProto;
using Cleave.Tool.Ensembles;
using Xunit;

namespace Cleave.Tool.Tests.Tuning;

/// <summary><c>cleave tune --ensemble</c> and <c>cleave plan --ensemble</c>, on members that are measured in no time.</summary>
public sealed class EnsembleTuneTests : IDisposable
{
    private readonly TinyModel _a = new(), _b = new();
    private readonly TempFolder _project = new();

    private string File => Path.Combine(_project.Path, "Vision.ensemble.tune");

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
        _project.Dispose();
    }

    private Task<ToolRun> Run(string verb, params string[] options) =>
        ToolRun.Of([verb, _a.Save(), _b.Save(), "--ensemble", "Vision", "--project", _project.Path, "--cores", "1", .. options]);

    [Fact]
    public async Task It_measures_members_and_matrices_and_plan_shows_the_best_one()
    {
        ToolRun tuned = await Run("tune", "--budget", "120");

        Assert.Equal("", tuned.Code == 0 ? "" : tuned.Output + tuned.Error);
        EnsembleTuningSection section = Assert.Single(EnsembleTuningFile.Read(System.IO.File.ReadAllText(File)).Sections);
        Assert.True(section.IsComplete);
        Assert.All(section.Members, m => Assert.NotEmpty(m.Times));
        // What knows nothing was deployed first.
        Assert.Equal([new(1, 1, 32), new(1, 1, 32)], section.Tried[0].Cells);
        Assert.Contains("cpu", tuned.Output, StringComparison.Ordinal);
        Assert.Contains(section.Best!.Cells[0].ToString(), tuned.Output, StringComparison.Ordinal);
        Assert.EndsWith($"Written to {File}\n", tuned.Output, StringComparison.Ordinal);
        Assert.Contains("matrix 1: ", tuned.Error, StringComparison.Ordinal);

        ToolRun plan = await Run("plan", "--json");
        Assert.Equal("measured", plan.Json.GetProperty("source").GetString());
        Assert.Equal(
            section.Best.Cells.Select(c => (c.Count, c.Threads, c.Batch)),
            plan.Json.GetProperty("members").EnumerateArray().Select(m => (m.GetProperty("instances").GetInt32(), m.GetProperty("threads").GetInt32(), m.GetProperty("batch").GetInt32())));

        // All is known: nothing is measured again.
        string before = System.IO.File.ReadAllText(File);
        ToolRun again = await Run("tune", "--budget", "120", "--json");
        Assert.Equal((0, ""), (again.Code, again.Error));
        Assert.True(again.Json.GetProperty("isComplete").GetBoolean());
        Assert.Equal(before, System.IO.File.ReadAllText(File));
    }

    [Fact]
    public async Task What_was_measured_is_kept_and_the_next_call_goes_on_there()
    {
        Assert.Equal(0, (await Run("tune", "--budget", "120")).Code);
        EnsembleTuningSection all = EnsembleTuningFile.Read(System.IO.File.ReadAllText(File)).Sections[0];
        // As a call leaves it that ended half-way.
        EnsembleTuningSection half = all with { IsComplete = false, Members = [all.Members[0], all.Members[1] with { Times = [] }], Tried = [all.Tried[0]] };
        System.IO.File.WriteAllText(File, EnsembleTuningFile.Empty.With(half).Write());

        ToolRun run = await Run("tune", "--budget", "120");

        Assert.Equal(0, run.Code);
        EnsembleTuningSection now = EnsembleTuningFile.Read(System.IO.File.ReadAllText(File)).Sections[0];
        Assert.True(now.IsComplete);
        Assert.Equal(half.Members[0].Times, now.Members[0].Times);
        Assert.NotEmpty(now.Members[1].Times);
        Assert.Equal(half.Tried[0].Nanoseconds, now.Tried[0].Nanoseconds);
    }

    [Fact]
    public async Task A_call_that_goes_on_with_one_batch_keeps_what_was_seen_of_the_memory()
    {
        Assert.Equal(0, (await Run("tune", "--budget", "120")).Code);
        EnsembleTuningSection all = EnsembleTuningFile.Read(System.IO.File.ReadAllText(File)).Sections[0];
        MemberMemory seen = all.Members[0].Memory with { Sample = 123_456, Fixed = 7_890 };
        TunedMember one = all.Members[0] with { Memory = seen, Times = [.. all.Members[0].Times.Where(static t => t.Batch != 64)] };
        System.IO.File.WriteAllText(File, EnsembleTuningFile.Empty.With(all with { IsComplete = false, Members = [one, all.Members[1]] }).Write());

        Assert.Equal(0, (await Run("tune", "--budget", "120")).Code);

        TunedMember now = EnsembleTuningFile.Read(System.IO.File.ReadAllText(File)).Sections[0].Members[0];
        Assert.Equal(all.Members[0].Times.Count, now.Times.Count);
        Assert.Equal(seen, now.Memory);
    }

    /// <summary>Of other sizes, numbers or outputs everything takes another time.</summary>
    [Fact]
    public async Task Other_requests_are_measured_anew_and_plan_shows_what_was_measured_of_those_that_are_asked_for()
    {
        Assert.Equal(0, (await Run("tune", "--budget", "120", "--input", "x=2")).Code);
        Assert.Contains("\n  requests [] [\"x=2\"] []\n", System.IO.File.ReadAllText(File), StringComparison.Ordinal);
        ToolRun plan = await Run("plan");
        Assert.StartsWith("Vision, 1 core, measured: ", plan.Output, StringComparison.Ordinal);
        Assert.EndsWith(" tried\nIt was measured with x=2.\n", plan.Output, StringComparison.Ordinal);
        plan = await Run("plan", "--outputs", "y");
        Assert.StartsWith("Vision, 1 core, predicted: ", plan.Output, StringComparison.Ordinal);
        Assert.EndsWith($"\n{File} was measured with x=2, and runners go by that: give the same --dims and --outputs to see it.\n", plan.Output, StringComparison.Ordinal);

        ToolRun other = await Run("tune", "--budget", "120", "--outputs", "y");

        Assert.Equal(0, other.Code);
        Assert.StartsWith($"{File} was measured with x=2: measuring anew with outputs y\n", other.Error, StringComparison.Ordinal);
        Assert.Contains("matrix 1: ", other.Error, StringComparison.Ordinal);
        Assert.Contains("\n  requests [] [] [\"y\",\"y\"]\n", System.IO.File.ReadAllText(File), StringComparison.Ordinal);
        Assert.Equal(("", 0), ((await Run("tune", "--budget", "120", "--outputs", "y")).Error, (await Run("tune", "--outputs", "y")).Code));
    }

    /// <summary>As in an older file, by which runners still go.</summary>
    [Fact]
    public async Task What_was_measured_of_requests_that_are_not_told_is_shown_and_measured_anew_with_a_word()
    {
        Assert.Equal(0, (await Run("tune", "--budget", "120")).Code);
        EnsembleTuningSection all = EnsembleTuningFile.Read(System.IO.File.ReadAllText(File)).Sections[0];
        System.IO.File.WriteAllText(File, EnsembleTuningFile.Empty.With(all with { Requests = null }).Write());
        ToolRun plan = await Run("plan");
        Assert.StartsWith("Vision, 1 core, measured: ", plan.Output, StringComparison.Ordinal);
        Assert.EndsWith($"\n{File} does not say what requests it was measured with. Runners go by it all the same; cleave tune measures anew.\n", plan.Output, StringComparison.Ordinal);

        ToolRun tuned = await Run("tune", "--budget", "120");
        Assert.StartsWith($"{File} does not say what requests it was measured with: measuring anew with no sizes or numbers, and the members' own outputs\n", tuned.Error, StringComparison.Ordinal);
        Assert.Contains("matrix 1: ", tuned.Error, StringComparison.Ordinal);
        Assert.Equal("measured", (await Run("plan", "--json")).Json.GetProperty("source").GetString());
    }

    [Fact]
    public async Task What_was_measured_of_other_members_is_not_shown_and_measured_anew_with_a_word()
    {
        Assert.Equal(0, (await Run("tune", "--budget", "120")).Code);
        EnsembleTuningSection all = EnsembleTuningFile.Read(System.IO.File.ReadAllText(File)).Sections[0];
        System.IO.File.WriteAllText(File, EnsembleTuningFile.Empty.With(all with { Members = [all.Members[0] with { Graph = "h2:other" }, all.Members[1]], Requests = new(["n=1"], [], []) }).Write());
        ToolRun plan = await Run("plan");
        Assert.StartsWith("Vision, 1 core, predicted: ", plan.Output, StringComparison.Ordinal);
        Assert.EndsWith($"\n{File} was measured of other members or other graphs, and runners do not go by it: tune again.\n", plan.Output, StringComparison.Ordinal);

        Assert.StartsWith($"{File} was measured of other members or other graphs: measuring anew with ", (await Run("tune", "--budget", "120")).Error, StringComparison.Ordinal);
    }

    /// <summary>It is not damaged, and what is in it is of use to others.</summary>
    [Fact]
    public async Task A_file_of_a_later_version_stays_as_it_is()
    {
        System.IO.File.WriteAllText(File, "cleave-ensemble-tuning 99\n");
        foreach (string verb in new[] { "tune", "plan" })
        {
            ToolRun run = await Run(verb);
            Assert.Equal((1, $"cleave: error {File} cannot be read (line 1: version 99 is of a later Cleave: update Cleave here, or delete the file).\n"), (run.Code, run.Error));
        }
        Assert.Equal("cleave-ensemble-tuning 99\n", System.IO.File.ReadAllText(File));
    }

    private EnsembleTuneRun Tuning(CancellationToken token, Action<string> progress, Func<AllocationMatrix, long>? timer = null, int cores = 1)
    {
        EnsembleModels models = new("Vision", [_a.Save(), _b.Save()], new Dictionary<string, string>(), new Dictionary<string, string>(), []);
        return new(models, new EnsembleTuningJournal(models, _project.Path, cores, TimeSpan.FromMinutes(5), token), cores, progress) { Timer = timer };
    }

    [Fact]
    public void What_was_measured_before_a_call_is_cancelled_is_written()
    {
        using CancellationTokenSource source = new();
        int measured = 0;
        Assert.ThrowsAny<OperationCanceledException>(() => Tuning(source.Token, _ =>
        {
            if (++measured == 3)
                source.Cancel();
        }).Run());

        EnsembleTuningSection section = EnsembleTuningFile.Read(System.IO.File.ReadAllText(File)).Sections[0];
        Assert.Equal([(1, 4), (1, 8)], section.Members[0].Times.Select(static t => (t.Threads, t.Batch)));
        Assert.False(section.IsComplete);
    }

    /// <summary>Each was timed once: the fastest of many was partly lucky.</summary>
    [Theory]
    [InlineData(110, false)]
    [InlineData(100, false)]
    [InlineData(80, true)]
    public void The_fastest_matrix_is_compared_with_the_untuned_one_in_turns(int again, bool wins)
    {
        Dictionary<AllocationMatrix, int> timed = [];
        List<string> steps = [];
        // Untuned 100 always; each other one is lucky once.
        long Time(AllocationMatrix matrix)
        {
            int before = timed.GetValueOrDefault(matrix);
            timed[matrix] = before + 1;
            return matrix.Cells.All(static c => c == new InstanceGroup(1, 1, 32)) ? 100 : before == 0 ? 50 + timed.Count : again;
        }

        EnsembleReport report = Tuning(CancellationToken.None, steps.Add, Time).Run()!;

        Assert.Equal(1e9 / 100, report.UntunedSamplesPerSecond);
        Assert.Equal(wins ? 1e9 / again : 1e9 / 100, report.SamplesPerSecond);
        Assert.Equal(!wins, report.Members.All(static m => m.Batch == 32));
        EnsembleTuningSection section = EnsembleTuningFile.Read(System.IO.File.ReadAllText(File)).Sections[0];
        Assert.True(section.IsComplete);
        Assert.Equal((report.SamplesPerSecond, 100), (section.Best!.Throughput, section.Chosen!.Untuned));
        Assert.Equal(5, steps.Count(static s => s.StartsWith("the fastest against the untuned one, ", StringComparison.Ordinal)));
        // That is known: not again.
        steps.Clear();
        Assert.Equal(report.SamplesPerSecond, Tuning(CancellationToken.None, steps.Add, Time).Run()!.SamplesPerSecond);
        Assert.Empty(steps);
    }

    /// <summary>Where the untuned one does not fit into memory, another one is tried first.</summary>
    [Fact]
    public void What_was_tried_first_is_not_taken_for_the_untuned_matrix()
    {
        Tuning(CancellationToken.None, static _ => { }, static m => 100 - m.Cells[0].Batch / 4).Run();
        EnsembleTuningSection section = EnsembleTuningFile.Read(System.IO.File.ReadAllText(File)).Sections[0] with { Chosen = null };
        Assert.NotNull(EnsembleReport.Of("Vision", section, File)!.UntunedSamplesPerSecond);
        Assert.Null(EnsembleReport.Of("Vision", section with { Tried = [.. section.Tried.Skip(1)] }, File)!.UntunedSamplesPerSecond);
    }

    [Fact]
    public async Task Members_that_only_fit_by_their_chosen_outputs_are_planned_and_tuned()
    {
        GraphProto graph = _b.Model.Graph;
        graph.Node.Clear();
        graph.Output.Clear();
        graph.Node.Add([TinyModel.Node("Add", ["x", "w"], "scores"), TinyModel.Node("Neg", ["scores"], "less")]);
        graph.Output.Add([TinyModel.Value("less", TinyModel.Float, "batch", 4), TinyModel.Value("scores", TinyModel.Float, "batch", 4)]);
        Assert.Contains("CLV2035", (await Run("plan")).Error, StringComparison.Ordinal);

        ToolRun plan = await Run("plan", "--outputs", "y", "--outputs", "scores");
        Assert.Equal("", plan.Code == 0 ? "" : plan.Output + plan.Error);
        ToolRun tuned = await Run("tune", "--budget", "120", "--outputs", "y", "--outputs", "scores");
        Assert.Equal("", tuned.Code == 0 ? "" : tuned.Output + tuned.Error);
        Assert.True(EnsembleTuningFile.Read(System.IO.File.ReadAllText(File)).Sections[0].IsComplete);

        ToolRun three = await Run("plan", "--outputs", "y", "--outputs", "scores", "--outputs", "less");
        Assert.Equal((1, "cleave: error --outputs is given 3 times, but there are 2 members: give it once for all of them, or once for each in their order.\n"), (three.Code, three.Error));
        ToolRun single = await ToolRun.Of("tune", _a.Save(), "--outputs", "y");
        Assert.Equal((1, "cleave: error --outputs has no meaning without --ensemble.\n"), (single.Code, single.Error));
    }

    [Fact]
    public async Task Without_a_file_the_matrix_is_predicted()
    {
        ToolRun plan = await Run("plan");

        Assert.Equal("", plan.Code == 0 ? "" : plan.Output + plan.Error);
        Assert.StartsWith("Vision, 1 core, predicted: instances x <threads,samples>\n", plan.Output, StringComparison.Ordinal);
        Assert.Contains("\ncpu ", plan.Output, StringComparison.Ordinal);
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public async Task What_makes_no_sense_is_named()
    {
        ToolRun several = await ToolRun.Of("tune", _a.Save(), _b.Save());
        Assert.Equal((1, "cleave: error There are several models: give one, or --ensemble NAME, which they are the members of.\n"), (several.Code, several.Error));
        several = await ToolRun.Of("plan", _a.Save(), _b.Save());
        Assert.Equal((1, "cleave: error There are several models: give one, or --ensemble NAME, which they are the members of.\n"), (several.Code, several.Error));
        ToolRun twice = await ToolRun.Of("tune", _a.Save(), _a.Save(), "--ensemble", "Vision");
        Assert.Equal(1, twice.Code);
        Assert.StartsWith("cleave: error CLV2031: ", twice.Error, StringComparison.Ordinal);
        ToolRun name = await ToolRun.Of("plan", _a.Save(), _b.Save(), "--ensemble", "../x");
        Assert.Equal((1, "cleave: error --ensemble ../x: give the name of the OnnxEnsemble item, as Vision.\n"), (name.Code, name.Error));
        ToolRun batch = await Run("plan", "--dims", "batch=3");
        Assert.Equal((1, "cleave: error --dims batch: that is the batch, whose sizes the matrix says. Leave it out.\n"), (batch.Code, batch.Error));
        ToolRun dims = await Run("plan", "--dims", "depth=3");
        Assert.StartsWith("cleave: error --dims depth: no member has that; they have ", dims.Error, StringComparison.Ordinal);
        string typo = Path.Combine(_project.Path, "typo");
        ToolRun missing = await ToolRun.Of("tune", _a.Save(), _b.Save(), "--ensemble", "Vision", "--project", typo);
        Assert.Equal((1, $"cleave: error --project {typo}: there is no such folder. Give the folder of the project that has the OnnxEnsemble item.\n"), (missing.Code, missing.Error));
        Assert.False(Directory.Exists(typo));
        Directory.CreateDirectory(File);
        ToolRun unwritable = await Run("tune");
        Assert.Equal((1, $"cleave: error {File} is a folder, and what is measured is written into a file of that name. Move it away.\n"), (unwritable.Code, unwritable.Error));
        Directory.Delete(File);
        System.IO.File.WriteAllText(File, "nonsense");
        ToolRun damaged = await Run("tune");
        Assert.Equal(1, damaged.Code);
        Assert.Contains("is damaged", damaged.Error, StringComparison.Ordinal);
        Assert.Equal("nonsense", System.IO.File.ReadAllText(File));
    }
}
