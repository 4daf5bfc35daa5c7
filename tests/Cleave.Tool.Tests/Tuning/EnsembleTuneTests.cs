using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Core.Ensembles;
using Cleave.OnnxProto;
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
        System.IO.File.WriteAllText(File, "nonsense");
        ToolRun damaged = await Run("tune");
        Assert.Equal(1, damaged.Code);
        Assert.Contains("is damaged", damaged.Error, StringComparison.Ordinal);
        Assert.Equal("nonsense", System.IO.File.ReadAllText(File));
    }
}
