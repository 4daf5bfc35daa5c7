using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace Cleave.TestKit;

/// <summary>Programs on another x64 processor, in QEMU's user mode (Debian's package qemu-user).</summary>
public static class EmulatedProcessor
{
    /// <summary>AVX2, and no VNNI.</summary>
    public const string Avx2 = "Haswell-noTSX";

    private const string Emulator = "qemu-x86_64";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    public static bool IsThere { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(static f => File.Exists(Path.Combine(f, Emulator)));

    public const string WhyAbsent = "needs " + Emulator + " (Debian's package qemu-user)";

    /// <summary>Runs a program there.</summary>
    /// <param name="processor">As QEMU calls it.</param>
    /// <param name="program">The program, with its path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <exception cref="TimeoutException">It did not end.</exception>
    public static (int Code, string Output, string Errors) Run(string processor, string program, params string[] arguments)
    {
        ProcessStartInfo start = new(Emulator, ["-cpu", processor, program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException(string.Join(' ', arguments) + " did not end within " + Limit);
        }
        return (process.ExitCode, output.Result, errors.Result);
    }

    /// <summary>.NET's launcher, which the emulator needs by its path.</summary>
    public static string DotNet => Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path
        : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", "..", "dotnet"));
}
