using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Tool.Commands;
using Cleave.Tool.Measuring;
using Cleave.Tool.Tests.Quantizing;
using Xunit;

namespace Cleave.Tool.Tests;

/// <summary>Ctrl+C on the program itself, once it shows that it is at work; and what the guard of all commands says.</summary>
public sealed class CancellationTests : IDisposable
{
    // What is waited for takes seconds.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly QuantizeFixture _files = new();
    private readonly TempFolder _temporary = new();

    public void Dispose()
    {
        _files.Dispose();
        _temporary.Dispose();
    }

    [SkippableFact]
    public async Task A_cancelled_quantize_leaves_no_file_of_its_weights()
    {
        string model = _files.Save("model.onnx", QuantizeFixture.Layers(6, seed: 1));
        (int code, string error) = await Interrupt(_files.Folder, "*.weights", "quantize", model, "-o", _files.PathOf("made.onnx"));
        Assert.Equal((1, "cleave: cancelled; nothing was written\n"), (code, error));
        Assert.Equal([model], Directory.GetFileSystemEntries(_files.Folder));
    }

    [SkippableFact]
    public async Task A_cancelled_bench_leaves_no_folder()
    {
        string model = _files.Save("model.onnx", QuantizeFixture.Layers(1, seed: 1));
        (int code, string error) = await Interrupt(_temporary.Path, "cleave-*", "bench", model, "--threads", "1", "--callers", "1");
        Assert.Equal((1, "cleave: cancelled; nothing was measured\n"), (code, error));
        Assert.Empty(Directory.GetFileSystemEntries(_temporary.Path, "cleave*"));
    }

    [SkippableFact]
    public async Task A_cancelled_validation_could_not_be_done()
    {
        string model = _files.Save("model.onnx", QuantizeFixture.Layers(1, seed: 1));
        // It is opened, and then waits for a writer.
        string listing = _files.PathOf("item.graph");
        using Process pipe = Process.Start("mkfifo", listing);
        await pipe.WaitForExitAsync();
        Task<(int Code, string Error)> run = Interrupt(async tool =>
        {
            await using FileStream writer = await Writer(listing);
            await Signal(tool);
            await writer.WriteAsync("cleave-listing 1\noptions\n  source \"model.onnx\"\n"u8.ToArray());
        }, "validate", listing, "--project", _files.Folder);
        Assert.Equal((2, "cleave: cancelled; not all was validated\n"), await run);
        Assert.True(File.Exists(model));
    }

    /// <summary>Entries are whole one by one, and the next call finds them.</summary>
    [Theory]
    [InlineData("what was prepared is kept", "prepare", "MODEL", "-o", "FOLDER")]
    [InlineData("nothing was written", "prepare", "--check", "FOLDER", "--model", "MODEL")]
    public async Task A_cancelled_prepare_says_what_becomes_of_its_entries(string expected, params string[] arguments)
    {
        string model = _files.Save("model.onnx", QuantizeFixture.Layers(1, seed: 1));
        using CancellationTokenSource stop = new();
        await stop.CancelAsync();
        StringWriter error = new();
        int code = await CleaveCommand.InvokeAsync(Array.ConvertAll(arguments, a => a switch { "MODEL" => model, "FOLDER" => _files.Folder, _ => a }), TextWriter.Null, error, stop.Token);
        Assert.Equal((1, $"cleave: cancelled; {expected}\n"), (code, error.ToString()));
    }

    [Fact]
    public async Task What_nobody_has_thought_of_is_one_line_that_says_where_it_is_from()
    {
        StringWriter error = new();
        int code = await CommandGuard.RunAsync("m.onnx", error, "", static () => throw new KeyNotFoundException("no such\nkey"), CancellationToken.None, notDone: 2);
        Assert.Equal(2, code);
        string line = error.ToString().TrimEnd('\n');
        Assert.DoesNotContain('\n', line);
        Assert.StartsWith("cleave: error KeyNotFoundException: no such", line);
        Assert.Contains(nameof(CancellationTests), line);
    }

    /// <summary>A process that it started is gone with the same Ctrl+C: that is no failure of the model's.</summary>
    [Fact]
    public async Task What_fails_once_it_is_cancelled_is_cancelled()
    {
        StringWriter error = new();
        using CancellationTokenSource stop = new();
        int code = await CommandGuard.RunAsync("m.onnx", error, "nothing was written", () =>
        {
            stop.Cancel();
            throw new WorkerException("ended without an answer", "");
        }, stop.Token);
        Assert.Equal((1, "cleave: cancelled; nothing was written\n"), (code, error.ToString()));
    }

    // When something of that name appears there.
    private async Task<(int Code, string Error)> Interrupt(string folder, string name, params string[] arguments)
    {
        TaskCompletionSource appeared = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using FileSystemWatcher watcher = new(folder, name);
        watcher.Created += (_, _) => appeared.TrySetResult();
        watcher.EnableRaisingEvents = true;
        return await Interrupt(async tool =>
        {
            Task first = await Task.WhenAny(appeared.Task, tool.WaitForExitAsync()).WaitAsync(Limit);
            Assert.True(first == appeared.Task, "it ended before");
            await Signal(tool);
        }, arguments);
    }

    private async Task<(int Code, string Error)> Interrupt(Func<Process, Task> interrupt, params string[] arguments)
    {
        Skip.If(OperatingSystem.IsWindows(), "there is no sending Ctrl+C to one process");
        (string program, string[] before) = new WorkerHost(typeof(CleaveCommand).Assembly).Command;
        // Whoever runs these tests in the background has had a shell ignore the signal, and what is ignored is inherited.
        ProcessStartInfo start = new("env", ["--default-signal=INT", program, .. before, .. arguments]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["TMPDIR"] = _temporary.Path;
        using Process tool = Process.Start(start)!;
        Task<string> error = tool.StandardError.ReadToEndAsync(), output = tool.StandardOutput.ReadToEndAsync();
        try
        {
            await interrupt(tool);
            await tool.WaitForExitAsync().WaitAsync(Limit);
        }
        finally
        {
            if (!tool.HasExited)
                tool.Kill(entireProcessTree: true);
        }
        await output;
        return (tool.ExitCode, await error);
    }

    private static async Task Signal(Process tool)
    {
        using Process kill = Process.Start("kill", ["-INT", tool.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync().WaitAsync(Limit);
    }

    // Of a named pipe: it is opened once somebody reads from it.
    private static async Task<FileStream> Writer(string pipe)
    {
        Task<FileStream> opening = Task.Run(() => new FileStream(pipe, FileMode.Open, FileAccess.Write));
        try
        {
            return await opening.WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            // Nobody does: a reader of our own lets the thread go.
            new FileStream(pipe, FileMode.Open, FileAccess.ReadWrite).Dispose();
            throw;
        }
    }
}
