using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Prepared;
using Cleave.Prepared.Making;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Prepared;

/// <summary>Prepared in one process, started in another: that was killed meanwhile, or has another processor.</summary>
public sealed class OtherProcessTests
{
    private const string WhySkipped = "needs " + OtherProcess.Emulator + " (Debian's package qemu-user)";

    [Fact]
    public void A_process_killed_at_any_step_leaves_nothing_that_is_used_or_in_the_way()
    {
        using PreparedModel model = new();
        string plain = Start(model, "plain");
        for (int step = 1; ; step++)
        {
            string folder = model.Folder + step;
            OtherProcessResult killed = OtherProcess.Run(null, "prepare", model.Path, folder, step.ToString());
            if (killed.ExitCode == 0)
            {
                // There were no more steps.
                Assert.True(step > 10);
                Assert.Equal(plain, Start(model, "prepared", folder));
                return;
            }
            Assert.Equal("", killed.Errors);
            using (LooseRunner runner = model.Open(o => o.Prepared = folder))
                _ = PreparedModel.Run(runner);
            // The lock went with its holder, and one attempt does not forbid the next.
            Assert.Null(Assert.Single(model.Prepare(folder: folder, isAsked: false)).WhyNot);
            Assert.Empty(Directory.GetDirectories(folder, EntryWriter.TemporaryPrefix + "*"));
            using LooseRunner next = model.Open(o => o.Prepared = folder);
            Assert.True(PreparedModel.IsPrepared(next));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Several_processes_that_prepare_at_once_leave_one_entry_also_where_there_are_no_locks(bool locks)
    {
        using PreparedModel model = new();
        string plain = Start(model, "plain");
        // .NET asks for none then, and files are as on a file system that has none.
        (string, string)[] environment = locks ? [] : [("DOTNET_SYSTEM_IO_DISABLEFILELOCKING", "1")];
        for (int round = 0; round < 3; round++)
        {
            string folder = model.Folder + round;
            Directory.CreateDirectory(folder);
            OtherProcessResult[] ended = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
                OtherProcess.Run(null, environment, "prepare", model.Path, folder, "0"))));

            // One of them comes to its end; another may find its folder gone, or a name taken.
            Assert.All(ended, e => Assert.Equal("", e.ExitCode is 0 or OtherProcess.Refused ? "" : e.Output + e.Errors));
            Assert.True(!locks || ended.Any(static e => e.ExitCode == 0));
            // What is there is whole, and the next one tidies up.
            Assert.Null(Assert.Single(model.Prepare(folder: folder, isAsked: true)).WhyNot);
            Assert.Empty(Directory.GetDirectories(folder, EntryWriter.TemporaryPrefix + "*"));
            Assert.Equal(plain, Start(model, "prepared", folder));
        }
    }

    [Fact]
    public void A_process_finds_the_folder_in_its_environment()
    {
        using PreparedModel model = new();
        model.Prepare();
        OtherProcessResult told = OtherProcess.Run(null, [(PreparedFolders.Variable, model.Folder)], "start", model.Path, OtherProcess.ByEnvironment);
        Assert.Equal((0, ""), (told.ExitCode, told.Errors));
        Assert.Contains("prepared", told.Output.Split('\n'));
        Assert.Contains("plain", OtherProcess.Run(null, [(PreparedFolders.Variable, "")], "start", model.Path, OtherProcess.ByEnvironment).Output.Split('\n'));
    }

    [Fact]
    public void A_model_in_memory_does_not_follow_the_environment()
    {
        using PreparedModel model = new();
        model.Prepare();
        using (LooseRunner asked = model.Open(o => o.Model = ModelSource.Bytes(File.ReadAllBytes(model.Path))))
            Assert.True(PreparedModel.IsPrepared(asked));
        OtherProcessResult told = OtherProcess.Run(null, [(PreparedFolders.Variable, model.Folder)], "start", model.Path, OtherProcess.InMemory);
        Assert.Equal((0, ""), (told.ExitCode, told.Errors));
        Assert.Contains("plain", told.Output.Split('\n'));
    }

    [SkippableFact]
    public void What_was_prepared_here_is_refused_on_another_processor()
    {
        const string processor = "SandyBridge";
        Skip.IfNot(OtherProcess.HasEmulator, WhySkipped);
        using PreparedModel model = new();
        model.Prepare();
        // A packing that another processor reads may make it read anywhere: nothing is even opened.
        File.Delete(model.Weights);
        (string refused, string none) = StartBoth(processor, model, "plain");
        Assert.Equal(refused, none);
    }

    [SkippableFact]
    public void What_was_prepared_on_another_processor_is_refused_here_and_used_there()
    {
        const string processor = "Haswell-noTSX";
        Skip.IfNot(OtherProcess.HasEmulator, WhySkipped);
        using PreparedModel model = new();
        OtherProcessResult made = OtherProcess.Run(processor, "prepare", model.Path, model.Folder, "0");
        Assert.Equal((0, ""), (made.ExitCode, made.Errors));
        (string used, string none) = StartBoth(processor, model, "prepared");
        Assert.Equal(none, used);
        File.Delete(model.Weights);
        model.AssertPlain("it was prepared for another processor");
    }

    // What it gave.
    private static string Start(PreparedModel model, string way, string? folder = null)
    {
        OtherProcessResult started = OtherProcess.Run(null, "start", model.Path, folder ?? model.Folder);
        Assert.Equal((0, ""), (started.ExitCode, started.Errors));
        return Gave(started.Output.Split('\n'), way);
    }

    // What one emulated process, which takes long to start, gave with the folder and with none.
    private static (string Folder, string None) StartBoth(string processor, PreparedModel model, string way)
    {
        OtherProcessResult started = OtherProcess.Run(processor, "start", model.Path, model.Folder, "none");
        Assert.Equal((0, ""), (started.ExitCode, started.Errors));
        string[] lines = started.Output.Split('\n');
        int end = Array.IndexOf(lines, OtherProcess.EndOfStart);
        if (way == "plain")
            Assert.Contains(lines[..end], static l => l.Contains("it was prepared for another processor"));
        return (Gave(lines[..end], way), Gave(lines[(end + 1)..], "plain"));
    }

    private static string Gave(string[] lines, string way)
    {
        Assert.Contains(way, lines);
        return lines.Single(static l => l.StartsWith(OtherProcess.Results));
    }
}
