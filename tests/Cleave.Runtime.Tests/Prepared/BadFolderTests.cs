using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Prepared;
using Cleave.Prepared.Making;
using Cleave.Runtime.Tests.Support;
using Cleave.TestKit.Catalog;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Runtime.Tests.Prepared;

/// <summary>Folders that cannot be written to, or fill up, and a recorded request that takes too long.</summary>
public sealed class BadFolderTests
{
    private const string WhySkipped = "needs root, to mount a small or read-only file system";

    [SkippableFact]
    public void A_folder_mounted_read_only_is_used_and_cannot_be_prepared_into()
    {
        using PreparedModel model = new();
        model.Prepare();
        using (Mounted mounted = Mounted.TryReadOnly(model.Folder))
        {
            Skip.IfNot(mounted.Is, WhySkipped);
            using LooseRunner runner = model.Open();
            Assert.True(PreparedModel.IsPrepared(runner));
            Assert.Equal(model.Plainly(), PreparedModel.Run(runner));
            Assert.False(FolderTrust.CanWrite(model.Folder));
            // It has a lock from before, which nobody holds.
            Assert.Contains("Read-only file system", Assert.ThrowsAny<Exception>(() => model.Prepare()).Message);
        }
        // It cannot be marked there; the runner serves all the same.
        model.Rewrite(m => m with { Expected = m.Expected.ToDictionary(e => e.Key, e => new string('0', 64)) });
        using (Mounted mounted = Mounted.TryReadOnly(model.Folder))
        {
            model.AssertPlain("its results differ from those of the plain model");
            Assert.False(File.Exists(Path.Combine(model.Entry, PreparedEntry.FailedFile)));
        }
    }

    [SkippableFact]
    public async Task A_runner_whose_folder_is_read_only_says_so_once_and_serves()
    {
        using PreparedModel model = new();
        Directory.CreateDirectory(model.Folder);
        using Mounted mounted = Mounted.TryReadOnly(model.Folder);
        Skip.IfNot(mounted.Is, WhySkipped);
        using LooseRunner runner = model.Open(o => o.PreparesByItself = true);
        Assert.Equal(model.Plainly(), PreparedModel.Run(runner));
        await runner.Engine.Preparing.Ended.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Contains("Read-only file system", Assert.Single(model.Logger.Warnings));
    }

    /// <summary>Whoever runs it cannot add the threads that it has: that, not the lock, is what is wrong.</summary>
    [SkippableFact]
    public async Task A_runner_that_cannot_add_its_threads_says_so_and_begins_no_preparation()
    {
        using PreparedModel model = new();
        model.Prepare();
        model.Rewrite(static m => m with { Expected = m.Expected.ToDictionary(static e => e.Key + 6, static e => e.Value) });
        using Mounted mounted = Mounted.TryReadOnly(model.Folder);
        Skip.IfNot(mounted.Is, WhySkipped);
        using LooseRunner runner = model.Open(static o => o.PreparesByItself = true);
        Assert.True(PreparedModel.IsPrepared(runner));
        await runner.Engine.Preparing.Ended.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Contains("says nothing of the numbers of threads that are used here, and cannot be written to", Assert.Single(model.Logger.Warnings));
    }

    [SkippableTheory]
    [InlineData("folder made")]
    [InlineData("weights written")]
    [InlineData("results compared")]
    [InlineData("files finished")]
    public void A_disk_that_fills_up_meanwhile_leaves_nothing(string step)
    {
        using PreparedModel model = new();
        Directory.CreateDirectory(model.Folder);
        using Mounted mounted = Mounted.TrySmall(model.Folder, kilobytes: 1024);
        Skip.IfNot(mounted.Is, WhySkipped);
        string filler = Path.Combine(model.Folder, "filler");
        Exception? failed = Record.Exception(() => model.Prepare(at: at =>
        {
            if (at == step)
                Fill(filler);
        }));
        // Where nothing is written any more but the manifest, there may be room for it.
        Assert.NotNull(failed);
        File.Delete(filler);
        Assert.Empty(Directory.GetDirectories(model.Folder));
        Assert.Null(Assert.Single(model.Prepare()).WhyNot);
        using LooseRunner runner = model.Open();
        Assert.True(PreparedModel.IsPrepared(runner));
    }

    [SkippableFact]
    public void A_disk_without_room_is_not_begun_on()
    {
        using PreparedModel model = new();
        Directory.CreateDirectory(model.Folder);
        using Mounted mounted = Mounted.TrySmall(model.Folder, kilobytes: 64);
        Skip.IfNot(mounted.Is, WhySkipped);
        Assert.Contains("too little space is left", Assert.Throws<IOException>(() => model.Prepare()).Message);
        Assert.Empty(Directory.GetDirectories(model.Folder));
    }

    [SkippableFact]
    public void An_entry_in_the_image_of_a_container_which_cannot_be_renamed_is_replaced()
    {
        using PreparedModel model = new();
        model.Prepare();
        File.WriteAllText(Path.Combine(model.Entry, PreparedEntry.FailedFile), "for this test");
        using TempFolder changes = new();
        using Mounted room = Mounted.TrySmall(changes.Path, kilobytes: 4096);
        using Mounted mounted = Mounted.TryLayered(model.Folder, changes.Path);
        Skip.IfNot(room.Is && mounted.Is, WhySkipped);
        Assert.Throws<IOException>(() => Directory.Move(model.Entry, Path.Combine(model.Folder, "elsewhere")));

        PreparedSegment made = Assert.Single(model.Prepare());

        Assert.True(made.IsNew);
        Assert.Null(made.WhyNot);
        using LooseRunner runner = model.Open();
        Assert.True(PreparedModel.IsPrepared(runner));
        Assert.Equal(model.Plainly(), PreparedModel.Run(runner));
    }

    [SkippableFact]
    public async Task A_folder_in_which_nothing_can_be_renamed_is_given_up_and_the_runner_serves()
    {
        using PreparedModel model = new();
        Directory.CreateDirectory(model.Folder);
        using Mounted mounted = Mounted.TryAppendOnly(model.Folder);
        Skip.IfNot(mounted.Is, "needs root and a file system whose folders can be made to take new names only (chattr +a)");
        using (LooseRunner runner = model.Open(o => o.PreparesByItself = true))
        {
            Assert.Equal(model.Plainly(), PreparedModel.Run(runner));
            await runner.Engine.Preparing.Ended.WaitAsync(TimeSpan.FromMinutes(1));
            Assert.Equal(model.Plainly(), PreparedModel.Run(runner));
        }
        Assert.Contains("denied", Assert.Single(model.Logger.Warnings));
        Assert.All(Directory.GetDirectories(model.Folder), f => Assert.StartsWith(EntryWriter.TemporaryPrefix, Path.GetFileName(f)));
        // What could not be deleted there is in nobody's way.
        using LooseRunner next = model.Open();
        Assert.False(PreparedModel.IsPrepared(next));
    }

    [SkippableFact]
    public async Task A_folder_that_every_user_can_write_to_is_not_prepared_into()
    {
        if (OperatingSystem.IsWindows())
            throw new SkipException("skipped: Windows has other permissions, which are not looked at");
        using PreparedModel model = new();
        Directory.CreateDirectory(model.Folder);
        File.SetUnixFileMode(model.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);
        Assert.Contains("every user can write to", Assert.Throws<IOException>(() => model.Prepare()).Message);
        using (LooseRunner runner = model.Open(static o => (o.PreparesByItself, o.PreparedTrustGroup) = (true, true)))
        {
            Assert.Equal(model.Plainly(), PreparedModel.Run(runner));
            await runner.Engine.Preparing.Ended.WaitAsync(TimeSpan.FromMinutes(1));
        }
        Assert.Contains("every user can write to", Assert.Single(model.Logger.Warnings));
        Assert.Empty(Directory.GetFileSystemEntries(model.Folder));
    }

    [Fact]
    public void A_recorded_request_that_takes_too_long_is_ended()
    {
        using TempFolder folder = new();
        using InferenceSession session = new(ModelCatalog.Get("loop_inside").Write(folder.Path));
        ProbeInput[] inputs = [.. session.InputMetadata.Select(i => new ProbeInput(
            i.Key, (Core.Graph.ElementType)i.Value.ElementDataType, [.. i.Value.Dimensions.Select(d => Math.Max(1, d))],
            i.Key == "rounds" ? [long.MaxValue] : null))];
        Probe endless = new(inputs);
        string[] outputs = [.. session.OutputNames];
        Assert.Throws<TimeoutException>(() => endless.Run(session, outputs, limit: TimeSpan.FromMilliseconds(200)));
    }

    private static void Fill(string path)
    {
        using FileStream file = File.Create(path);
        byte[] block = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(block);
                file.Flush();
            }
        }
        catch (IOException)
        {
            // Full, as asked.
        }
    }

    // A file system of its own in place of a folder; where this user may not mount, nothing is.
    private sealed class Mounted : IDisposable
    {
        private readonly string _path;
        private string[] _undo;

        private Mounted(string path, bool isMounted)
        {
            _path = path;
            _undo = ["umount", "-l", path];
            Is = isMounted;
        }

        public bool Is { get; }

        public static Mounted TryReadOnly(string path)
        {
            Mounted bound = new(path, Run("mount", "--bind", path, path));
            if (!bound.Is || Run("mount", "-o", "remount,ro,bind", path))
                return bound;
            bound.Dispose();
            return new(path, isMounted: false);
        }

        public static Mounted TrySmall(string path, int kilobytes) => new(path, Run("mount", "-t", "tmpfs", "-o", "mode=0700,size=" + kilobytes + "k", "tmpfs", path));

        /// <summary>As in a container: what is in the folder is the image, and what is changed goes elsewhere.</summary>
        public static Mounted TryLayered(string path, string changes)
        {
            string upper = Directory.CreateDirectory(Path.Combine(changes, "upper")).FullName, work = Directory.CreateDirectory(Path.Combine(changes, "work")).FullName;
            return new(path, Run("mount", "-t", "overlay", "-o", $"lowerdir={path},upperdir={upper},workdir={work}", "overlay", path));
        }

        public static Mounted TryAppendOnly(string path) => new(path, Run("chattr", "+a", path)) { _undo = ["chattr", "-a", path] };

        public void Dispose()
        {
            if (Is && !Run(_undo[0], [.. _undo.Skip(1)]))
                throw new IOException(_path + " is still as it was for the test");
        }

        private static bool Run(string program, params string[] arguments)
        {
            if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
                return false;
            if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Append("/sbin").Any(f => File.Exists(Path.Combine(f, program))))
                return false;
            using Process process = Process.Start(new ProcessStartInfo(program, (IEnumerable<string>)arguments) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
    }
}
