using System;
using System.IO;
using System.Linq;
using System.Text;
using Cleave.Prepared;
using Cleave.Prepared.Making;
using Cleave.Runtime.Tests.Support;
using Cleave.Sessions;
using Xunit;

namespace Cleave.Runtime.Tests.Prepared;

/// <summary>What is deleted is of no use to anybody; what is marked is what failed.</summary>
public sealed class HousekeepingTests
{
    private static readonly FolderTrust Strict = new(false);

    [SkippableTheory]
    [InlineData("manifest.txt")]
    [InlineData("")]
    public void What_a_group_can_write_to_is_listed_and_never_pruned(string what)
    {
        if (!OperatingSystem.IsLinux())
            throw new SkipException("skipped: looks at what Linux says of a file's users");
        using PreparedModel model = new();
        model.Prepare();
        string path = Path.Combine(model.Entry, what);
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.GroupWrite);

        ListedEntry listed = Assert.Single(Housekeeping.List(model.Folder, Strict));

        Assert.Contains("a group can write to ", listed.Problem);
        Assert.Empty(Housekeeping.Prune(model.Folder, Strict));
        Assert.Null(Assert.Single(Housekeeping.List(model.Folder, new FolderTrust(true))).Problem);
        using LooseRunner runner = model.Open(static o => o.PreparedTrustGroup = true);
        Assert.True(PreparedModel.IsPrepared(runner));
    }

    [Fact]
    public void An_entry_of_another_version_is_listed_refused_and_never_pruned()
    {
        using PreparedModel model = new();
        model.Prepare();
        string text = Encoding.UTF8.GetString(File.ReadAllBytes(model.Manifest));
        byte[] lines = Encoding.UTF8.GetBytes(text[..text.LastIndexOf("end ", StringComparison.Ordinal)].Replace("cleave-prepared 1\n", "cleave-prepared 2\n"));
        File.WriteAllBytes(model.Manifest, [.. lines, .. Encoding.UTF8.GetBytes("end " + Hashes.Of(lines) + "\n")]);

        Assert.Contains("of version 2, and this release reads version 1", Assert.Single(Housekeeping.List(model.Folder, Strict)).Problem);
        Assert.Empty(Housekeeping.Prune(model.Folder, Strict));
        model.AssertPlain("of version 2");
        Assert.True(File.Exists(model.Manifest));
    }

    [Fact]
    public void Damaged_entries_are_pruned()
    {
        using PreparedModel model = new();
        model.Prepare();
        string name = Path.GetFileName(model.Entry);
        PreparedModel.FlipByte(model.Manifest, 40);
        Assert.Equal(name, Assert.Single(Housekeeping.Prune(model.Folder, Strict)));
        Assert.Empty(model.Entries);
    }

    [Fact]
    public void What_failed_beside_the_model_is_opened_plainly_and_nothing_is_written_there()
    {
        using PreparedModel model = new();
        string beside = Path.Combine(Path.GetDirectoryName(model.Path)!, PreparedFolders.BesideName);
        model.Prepare(folder: beside);
        string manifest = Path.Combine(Directory.GetDirectories(beside).Single(), PreparedManifest.FileName);
        PreparedManifest good = PreparedManifest.Read(File.ReadAllBytes(manifest));
        File.WriteAllBytes(manifest, (good with { Expected = good.Expected.ToDictionary(e => e.Key, _ => new string('0', 64)) }).Write());
        string[] before = Directory.GetFileSystemEntries(beside, "*", SearchOption.AllDirectories);
        foreach (string? asked in new[] { null, model.Folder })
        {
            using LooseRunner runner = model.Open(o => o.Prepared = asked);
            Assert.False(PreparedModel.IsPrepared(runner));
            Assert.Contains("its results differ from those of the plain model", model.Logger.Warnings[^1]);
        }
        Assert.Equal(before, Directory.GetFileSystemEntries(beside, "*", SearchOption.AllDirectories));
        // The folder that was asked for, though the model lies beside it, is one to write to.
        using LooseRunner both = model.Open(o => o.Prepared = beside);
        Assert.False(PreparedModel.IsPrepared(both));
        Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(manifest)!, PreparedEntry.FailedFile)));
    }

    [Fact]
    public void A_runner_that_holds_a_replaced_entry_does_not_mark_the_new_one()
    {
        using PreparedModel model = new();
        model.Prepare();
        using LooseRunner runner = model.Open();
        Assert.True(PreparedModel.IsPrepared(runner));
        PreparedEntry old = Held(runner)!;
        File.WriteAllText(Path.Combine(model.Entry, PreparedEntry.FailedFile), "for this test");
        Assert.True(Assert.Single(model.Prepare()).IsNew);

        // A session more, as of another instance.
        using (SegmentSession another = runner.Engine.Sessions.Factory.Create(runner.Engine.Plan.Outline.Plan.Segments[0], 1))
            Assert.NotEqual("prepared", another.Way);

        Assert.False(old.TryMark("it is not this one"));
        Assert.False(File.Exists(Path.Combine(model.Entry, PreparedEntry.FailedFile)));
        using LooseRunner next = model.Open();
        Assert.True(PreparedModel.IsPrepared(next));

        static PreparedEntry? Held(LooseRunner runner) => runner.Engine.Sessions.Factory.Prepared.Find(runner.Engine.Plan.Outline.Plan.Segments[0]);
    }
}
