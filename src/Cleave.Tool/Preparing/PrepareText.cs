using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Cleave.Cores;
using Cleave.Prepared.Making;
using Cleave.Tool.Output;

namespace Cleave.Tool.Preparing;

/// <summary>What <c>cleave prepare</c> prints.</summary>
internal static class PrepareText
{
    public static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MB");

    /// <param name="model">What stands before each segment's name.</param>
    /// <param name="segments">What became of them.</param>
    /// <param name="output">Where it goes.</param>
    public static void Write(string model, IReadOnlyList<PreparedSegment> segments, TextWriter output)
    {
        foreach (PreparedSegment segment in segments)
        {
            string outcome = segment.WhyNot is { } why
                ? "not prepared: " + why
                : string.Create(CultureInfo.InvariantCulture,
                    $"{(segment.IsNew ? "prepared" : "was prepared already")}, {Megabytes(segment.Bytes)}; the probe noticed {segment.Damage.Noticed} of {segment.Damage.Damaged} damaged weights");
            output.Write(Terminal.Safe(model + segment.Segment + ": " + outcome) + "\n");
        }
    }

    public static void Write(IReadOnlyList<(ListedEntry Entry, string? Problem)> entries, TextWriter output)
    {
        foreach ((ListedEntry entry, string? problem) in entries)
        {
            string what = entry.Manifest is { } manifest
                ? $"{manifest.Target.Model}, {manifest.Target.Segment}, ONNX Runtime {manifest.Target.OnnxRuntime}, {(manifest.Target.Processor == CpuSignature.Of() ? "this processor" : "processor " + manifest.Target.Processor)}"
                : "unreadable";
            output.Write(Terminal.Safe($"{entry.Name}: {what}, {Megabytes(entry.Bytes)}{(problem is null ? "" : "; " + problem)}") + "\n");
        }
    }
}
