using System;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Tuning;
using Cleave.Cores;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tuning;

/// <summary>The machine that the process runs on, as tuning files name it.</summary>
internal static class ThisMachine
{
    // A virtual machine may hide the name, and other systems keep it elsewhere.
    private const string WindowsVariable = "PROCESSOR_IDENTIFIER";

    public static MachineSignature Of(int cores, ProcessFiles files) =>
        new(Processor(files), cores, OrtEnv.Instance().GetVersionString());

    private static string Processor(ProcessFiles files)
    {
        string? line = files.ReadLines("/proc/cpuinfo").FirstOrDefault(static l => l.StartsWith("model name", StringComparison.Ordinal));
        string name = line?[(line.IndexOf(':') + 1)..].Trim() ?? Environment.GetEnvironmentVariable(WindowsVariable) ?? "";
        return name.Length > 0 ? name : RuntimeInformation.ProcessArchitecture.ToString();
    }
}
