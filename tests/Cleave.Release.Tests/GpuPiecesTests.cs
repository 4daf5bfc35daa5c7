using System;
using System.Globalization;
using System.IO;
using System.Threading.Tasks;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Release.Tests;

/// <summary><c>build/gpu/unpack.sh</c>, which runs on a machine that has neither the repository nor .NET.</summary>
public sealed class GpuPiecesTests : IDisposable
{
    private const string Archive = "cleave-gpu.tar.gz";

    private readonly TemporaryFolder _folder = new();
    private readonly CommandLine _shell;

    public GpuPiecesTests() => _shell = new CommandLine(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task Pieces_are_joined_checked_and_run()
    {
        await PackAsync();
        CommandResult result = await _shell.RunAsync("bash", "unpack.sh", "--quick");
        Assert.Equal((0, "ran with --quick"), (result.ExitCode, result.Output.Trim()));
    }

    [SkippableFact]
    public async Task A_damaged_piece_is_refused_until_it_was_sent_again()
    {
        int pieces = await PackAsync();
        string last = _folder[Archive + "." + (pieces - 1).ToString("000", CultureInfo.InvariantCulture)];
        byte[] whole = File.ReadAllBytes(last), damaged = (byte[])whole.Clone();
        damaged[^1] ^= 1;
        File.WriteAllBytes(last, damaged);
        await AssertRefusedAsync();
        File.Delete(last);
        await AssertRefusedAsync();

        File.WriteAllBytes(last, whole);
        Assert.Equal("ran with --quick", (await _shell.RequireAsync("bash", "unpack.sh", "--quick")).Trim());
    }

    private async Task AssertRefusedAsync()
    {
        CommandResult result = await _shell.RunAsync("bash", "unpack.sh", "--quick");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("gpu: a piece is missing or damaged; send them again", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("ran with", result.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["cleave-gpu"]));
    }

    // As pack.sh makes them, of 100 bytes each.
    private async Task<int> PackAsync()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "The scripts are for Linux.");
        _folder.Write("pack/cleave-gpu/run.sh", "#!/usr/bin/env bash\necho \"ran with $*\"\n");
        File.Copy(Path.Combine(SharedModels.Repository, "build", "gpu", "unpack.sh"), _folder["unpack.sh"]);
        await _shell.RequireAsync("bash", "-c", $"chmod +x pack/cleave-gpu/run.sh && tar -czf {Archive} -C pack cleave-gpu && sha256sum {Archive} > cleave-gpu.sha256 && split -b 100 -d -a 3 {Archive} {Archive}. && rm {Archive}");
        return Directory.GetFiles(_folder.Path, Archive + ".*").Length;
    }
}
