using System;
using System.Runtime.InteropServices;
using Cleave.Core.Tuning;
using Cleave.Cores;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tuning;

/// <summary>The machine that the process runs on, as tuning files name it: by the signature of its processor, as prepared models do.</summary>
internal static class ThisMachine
{
    // Where there is no signature, as on Windows on ARM.
    private const string WindowsVariable = "PROCESSOR_IDENTIFIER";

    public static MachineSignature Of(int cores) =>
        new(Processor(), cores, OrtEnv.Instance().GetVersionString());

    private static string Processor()
    {
        string name = CpuSignature.Of() ?? Environment.GetEnvironmentVariable(WindowsVariable) ?? "";
        return name.Length > 0 ? name : RuntimeInformation.ProcessArchitecture.ToString();
    }
}
