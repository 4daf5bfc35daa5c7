using System;
using System.IO;
using System.Runtime.InteropServices;
using Cleave.Core.Tuning;
using Cleave.Cores;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tuning;

/// <summary>The machine that the process runs on, as tuning files name it: by the signature of its processor, as prepared models do, and on ARM by what the chip is.</summary>
internal static class ThisMachine
{
    // Where there is no signature, as on Windows on ARM.
    private const string WindowsVariable = "PROCESSOR_IDENTIFIER";

    // Linux on ARM: implementer and part of the first core. The signature says what instructions there are, and very unlike chips have the same.
    private const string MainId = "/sys/devices/system/cpu/cpu0/regs/identification/midr_el1";

    private static readonly Lazy<string> Processor = new(static () => Named(
        CpuSignature.Of(), RuntimeInformation.ProcessArchitecture, Environment.GetEnvironmentVariable(WindowsVariable), ReadMainId()));

    public static MachineSignature Of(int cores) =>
        new(Processor.Value, cores, OrtEnv.Instance().GetVersionString());

    /// <summary>What the processor is called. Where nothing tells it from others, by what it can do alone: the machine's name would be another one in each container, and stand in files that are shared.</summary>
    /// <param name="signature">What it can do; null: not known.</param>
    /// <param name="architecture">Of the process.</param>
    /// <param name="identifier">What Windows says.</param>
    /// <param name="mainId">What Linux on ARM says.</param>
    public static string Named(string? signature, Architecture architecture, string? identifier, string? mainId)
    {
        bool isArm = architecture is Architecture.Arm64 or Architecture.Arm;
        if (signature is not null && !isArm)
            return signature;
        string? chip = !string.IsNullOrWhiteSpace(identifier) ? identifier.Trim() : !string.IsNullOrWhiteSpace(mainId) ? "midr:" + mainId.Trim() : null;
        return (signature ?? architecture.ToString()) + (chip is null ? "" : " " + chip);
    }

    private static string? ReadMainId()
    {
        try
        {
            return File.Exists(MainId) ? File.ReadAllText(MainId) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
