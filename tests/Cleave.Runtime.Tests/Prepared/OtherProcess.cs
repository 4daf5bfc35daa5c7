using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Cores;
using Cleave.Runtime.Tests.Support;

namespace Cleave.Runtime.Tests.Prepared;

/// <summary>How another process ended, and what it said.</summary>
internal sealed record OtherProcessResult(int ExitCode, string Output, string Errors);

/// <summary>The entry point of this assembly, and what starts it: a process that prepares a model, or starts with prepared ones, on another processor where it runs in an emulator; that rests; that says which processors it has; or that makes ONNX Runtime's environment.</summary>
internal static class OtherProcess
{
    public const string Emulator = "qemu-x86_64";

    /// <summary>The model's results are behind it.</summary>
    public const string Results = "results ";

    /// <summary>Behind what is said of one of the folders.</summary>
    public const string EndOfStart = "end";

    /// <summary>The folder of a process that is told by its environment only.</summary>
    public const string ByEnvironment = "environment";

    /// <summary>The same, of a process that has the model in memory.</summary>
    public const string InMemory = "memory";

    /// <summary>How a process ends that could not prepare.</summary>
    public const int Refused = 3;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public static bool HasEmulator { get; } = Has(Emulator);

    /// <summary>Whether there is a command of this name.</summary>
    public static bool Has(string command) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(f => File.Exists(Path.Combine(f, command)));

    public static int Main(string[] args)
    {
        switch (args)
        {
            case ["prepare", string model, string folder, string step]:
                int steps = 0, last = int.Parse(step, System.Globalization.CultureInfo.InvariantCulture);
                try
                {
                    PreparedModel.Prepare(Definitions.OfFile(model), new RunnerOptions { Model = ModelSource.File(model) }, 1, isAsked: false, null, _ =>
                    {
                        if (++steps == last)
                            Process.GetCurrentProcess().Kill();
                    }, folder);
                    return 0;
                }
                catch (Exception e) when (e is IOException or CleaveException)
                {
                    // Another process is at it, or was faster.
                    Console.WriteLine(e.Message);
                    return Refused;
                }
            case ["start", string model, .. string[] folders]:
                foreach (string folder in folders)
                    Start(model, folder);
                return 0;
            case [Ledger.IdleProcess.Argument, string what]:
                return Ledger.IdleProcess.Run(polls: what == "polls");
            case [AffinityMaskTests.Argument, .. string[] pinned]:
                return AffinityMaskTests.Say([.. pinned.Select(int.Parse)]);
            case [EnvironmentProcess.Argument, string when]:
                return EnvironmentProcess.Run(isFirst: when == EnvironmentProcess.First);
            default:
                return 2;
        }
    }

    private static void Start(string model, string folder)
    {
        ListLogger logger = new();
        RunnerOptions options = new()
        {
            Model = folder == InMemory ? ModelSource.Bytes(File.ReadAllBytes(model)) : ModelSource.File(model),
            Prepared = folder is ByEnvironment or InMemory ? null : folder,
            Cores = 1,
            Logger = logger,
            PreparesByItself = false,
        };
        using (LooseRunner runner = new(Definitions.OfFile(model), options))
        {
            Console.WriteLine("processor " + CpuSignature.Of());
            Console.WriteLine(PreparedModel.IsPrepared(runner) ? "prepared" : "plain");
            Console.WriteLine(Results + string.Join(' ', PreparedModel.Run(runner).Select(BitConverter.SingleToInt32Bits)));
        }
        foreach (string line in logger.Lines)
            Console.WriteLine(line);
        Console.WriteLine(EndOfStart);
    }

    /// <summary>Runs it.</summary>
    /// <param name="processor">The processor to emulate; null: this one.</param>
    /// <param name="arguments">What it is to do.</param>
    public static OtherProcessResult Run(string? processor, params string[] arguments) => Run(processor, [], arguments);

    /// <inheritdoc cref="Run(string?, string[])"/>
    /// <param name="environment">What it finds in its environment.</param>
    public static OtherProcessResult Run(string? processor, (string Name, string Value)[] environment, params string[] arguments) =>
        RunUnder(processor is null ? [] : [Emulator, "-cpu", processor], environment, arguments);

    /// <inheritdoc cref="Run(string?, string[])"/>
    /// <param name="command">What starts it, for example <c>taskset -c 1</c>; empty: nothing else does.</param>
    /// <param name="environment">What it finds in its environment.</param>
    public static OtherProcessResult RunUnder(string[] command, (string Name, string Value)[] environment, params string[] arguments)
    {
        string dotnet = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : DotNet();
        string[] all = [.. command, dotnet, typeof(OtherProcess).Assembly.Location, .. arguments];
        ProcessStartInfo start = new(all[0], all[1..]);
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        // One that is killed would leave its sockets for debuggers in the temporary folder.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException(string.Join(' ', arguments) + " did not end within " + Limit);
        }
        // The emulator warns of what the processor has and it has not.
        string said = string.Join('\n', errors.Result.Split('\n').Where(static l => !l.StartsWith(Emulator + ": warning", StringComparison.Ordinal)));
        return new OtherProcessResult(process.ExitCode, output.Result, said);
    }

    // The test host may be a program of its own.
    private static string DotNet() => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH")
        ?? Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", "..", "dotnet"));
}
