using System;
using System.IO;
using System.Reflection;

namespace Cleave.Tool.Measuring;

/// <summary>The program that workers are started as: the one whose <c>worker</c> verb knows the workloads.</summary>
internal sealed record WorkerHost(Assembly Program)
{
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
