using System;
using System.IO;
using System.Reflection;

namespace Cleave.Tool.Measuring;

/// <summary>The program that workers are started as: the one whose <c>worker</c> verb knows the workloads.</summary>
internal sealed record WorkerHost(Assembly Program)
{
    /// <summary>Before the workload and its arguments.</summary>
    public const string Verb = "worker";

    /// <summary>Before a native library, on which the workload runs that follows.</summary>
    public const string VerbOn = "worker-on";

    /// <summary>The native library of ONNX Runtime that workers run on; null: the one that comes with the program.</summary>
    public string? OnnxRuntime { get; init; }

    /// <summary>What a worker is started with, after <see cref="Command"/>.</summary>
    public string[] WorkerArguments => OnnxRuntime is null ? [Verb] : [VerbOn, OnnxRuntime];

    /// <summary>The executable, and what stands before its arguments.</summary>
    public (string File, string[] Arguments) Command
    {
        get
        {
            string running = Environment.ProcessPath ?? "";
            // The program itself, started by its own launcher; else .NET's, which was started with an assembly.
            if (Path.GetFileNameWithoutExtension(running) == Program.GetName().Name)
                return (running, []);
            return (Path.GetFileNameWithoutExtension(running) == "dotnet" ? running : "dotnet", [Program.Location]);
        }
    }
}
