using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Core.Listing;

namespace Cleave.Core.Ensembles;

/// <summary>The part of <see cref="EnsembleTuningFile"/> that is about devices: a block for each list of them.</summary>
internal static class TunedDevicesText
{
    public const string Keyword = "devices";

    // No machine has more.
    private const int MostDevices = 256;

    /// <summary>Reads a block, from behind its keyword.</summary>
    /// <param name="scanner">The file.</param>
    /// <param name="members">The members of the section.</param>
    /// <exception cref="ListingException">It is damaged.</exception>
    public static TunedDevices Read(ListingScanner scanner, IReadOnlyList<TunedMember> members)
    {
        string[] names = scanner.Texts();
        if (names.Length is 0 or > MostDevices || names.Distinct(StringComparer.Ordinal).Count() != names.Length)
            throw scanner.Error("devices are listed once each");
        bool isComplete = false;
        List<TunedDeviceMember> there = [];
        List<TunedMatrix> tried = [];
        TunedChoice? chosen = null;
        foreach (string keyword in scanner.Block())
        {
            switch (keyword)
            {
                case "complete":
                    isComplete = true;
                    scanner.NextLine();
                    break;
                case "member" when there.Count < members.Count && tried.Count == 0:
                    there.Add(ReadMember(scanner, members[there.Count].Memory.Name, names.Length));
                    break;
                case "matrix" when there.Count == members.Count:
                    tried.Add(ReadMatrix(scanner, names.Length * members.Count));
                    scanner.NextLine();
                    break;
                case EnsembleTuningFile.Chosen when there.Count == members.Count:
                    chosen = EnsembleTuningFile.Choice(scanner, ReadMatrix(scanner, names.Length * members.Count));
                    break;
                default:
                    throw scanner.Error("'" + keyword + "' is not expected");
            }
        }
        return there.Count == members.Count ? new TunedDevices(names, isComplete, there, tried) { Chosen = chosen } : throw scanner.Error("the devices before have not as many members as the section");
    }

    /// <summary>Writes a block.</summary>
    public static void Write(ListingText text, TunedDevices devices)
    {
        text.Line(Keyword).Texts([.. devices.Names]).End();
        text.Indent();
        if (devices.IsComplete)
            text.Line("complete").End();
        foreach (TunedDeviceMember member in devices.Members)
        {
            text.Line("member").Number(member.Memory.Weights).Number(member.Memory.Sample).Number(member.Memory.Fixed).End();
            text.Indent();
            foreach (TunedDeviceCell time in member.Times)
                text.Line("time").Numbers([time.Device, time.Batch]).Number(time.Nanoseconds).End();
            text.Unindent();
        }
        EnsembleTuningFile.Write(text, devices.Tried, devices.Chosen);
        text.Unindent();
    }

    private static TunedDeviceMember ReadMember(ListingScanner scanner, string name, int devices)
    {
        MemberMemory memory = new(name, EnsembleTuningFile.Bytes(scanner), EnsembleTuningFile.Bytes(scanner), EnsembleTuningFile.Bytes(scanner));
        List<TunedDeviceCell> times = [];
        foreach (string keyword in scanner.Block())
        {
            if (keyword != "time" || scanner.Numbers() is not [var device, var batch] || device < 0 || device >= devices)
                throw scanner.Error("'time', device and samples are expected");
            times.Add(new TunedDeviceCell((int)device, EnsembleTuningFile.Bounded(scanner, batch, EnsembleTuningFile.MostSamples), Time(scanner)));
            scanner.NextLine();
        }
        return new TunedDeviceMember(memory, times);
    }

    private static TunedMatrix ReadMatrix(ListingScanner scanner, int cells)
    {
        long[] numbers = scanner.Numbers();
        if (numbers.Length != 3L * cells)
            throw scanner.Error("a matrix needs instances, threads and samples of each device and member");
        InstanceGroup[] read = new InstanceGroup[cells];
        for (int c = 0; c < cells; c++)
        {
            if (numbers[3 * c] != 0 || numbers[(3 * c) + 1] != 0 || numbers[(3 * c) + 2] != 0)
                read[c] = EnsembleTuningFile.Cell(scanner, numbers, c);
        }
        return new TunedMatrix(read, Time(scanner));
    }

    // 0 for what lacked memory.
    private static long Time(ListingScanner scanner) => scanner.Number() is >= 0 and var nanoseconds ? nanoseconds : throw scanner.Error("a time is out of range");
}
