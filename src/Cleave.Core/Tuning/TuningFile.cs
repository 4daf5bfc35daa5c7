using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Cleave.Core.Listing;

namespace Cleave.Core.Tuning;

/// <summary>
/// <c>model.onnx.tune</c>: what was measured of a model, one section for each kind of machine, as text that is written as listings are. Sections are sorted, and each
/// stands by itself, so that those of several machines merge in version control. Immutable.
/// </summary>
internal sealed class TuningFile
{
    public const string Ending = ".tune";

    private const string FirstLine = "cleave-tuning";
    private const long Version = 1;

    // No machine has more; what is larger is damage, and sums of it would overflow.
    private const int MostThreads = 4096;

    public static readonly TuningFile Empty = new([]);

    private TuningFile(IReadOnlyList<TuningSection> sections) => Sections = sections;

    public IReadOnlyList<TuningSection> Sections { get; }

    /// <summary>The section of a machine; null where there is none.</summary>
    public TuningSection? Find(MachineSignature machine) => Sections.FirstOrDefault(s => s.Machine == machine);

    /// <summary>The same, with this section in the place of the one of its machine.</summary>
    public TuningFile With(TuningSection section) => new([.. Sections.Where(s => s.Machine != section.Machine).Append(section)
        .OrderBy(s => s.Machine.Processor, StringComparer.Ordinal).ThenBy(s => s.Machine.Cores).ThenBy(s => s.Machine.OnnxRuntime, StringComparer.Ordinal)]);

    /// <summary>Takes a file apart.</summary>
    /// <exception cref="ListingException">It is damaged, or of a later version.</exception>
    public static TuningFile Read(string text)
    {
        ListingScanner scanner = new(text.Replace("\r\n", "\n"));
        if (scanner.Keyword != FirstLine)
            throw scanner.Error("this is no tuning file");
        if (scanner.Number() != Version)
            throw scanner.Error("this version is not known");
        scanner.NextLine();
        TuningFile file = Empty;
        while (!scanner.AtEnd)
        {
            if (scanner.Keyword != "machine" || scanner.Depth != 0)
                throw scanner.Error("'machine' is expected");
            TuningSection section = ReadSection(scanner);
            if (file.Find(section.Machine) != null)
                throw scanner.Error("the machine has a section already: " + section.Machine.Words);
            file = file.With(section);
        }
        return file;
    }

    /// <summary>Writes all of it, in the same bytes for the same sections.</summary>
    public string Write()
    {
        using MemoryStream bytes = new();
        using (ListingText text = new(bytes))
        {
            text.Line(FirstLine).Number(Version).End();
            foreach (TuningSection section in Sections)
                Write(text, section);
        }
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static TuningSection ReadSection(ListingScanner scanner)
    {
        MachineSignature machine = new(scanner.Text(), Positive(scanner), scanner.Text());
        string hash = "";
        bool isComplete = false;
        List<TunedRequest> requests = [];
        foreach (string keyword in scanner.Block())
        {
            switch (keyword)
            {
                case "graph":
                    hash = scanner.Text();
                    scanner.NextLine();
                    break;
                case "complete":
                    isComplete = true;
                    scanner.NextLine();
                    break;
                case "request":
                    requests.Add(ReadRequest(scanner));
                    break;
                default:
                    throw scanner.Error("'" + keyword + "' is not expected");
            }
        }
        return hash.Length > 0 ? new TuningSection(machine, hash, isComplete, requests) : throw scanner.Error("the section before has no 'graph'");
    }

    private static TunedRequest ReadRequest(ListingScanner scanner)
    {
        string[] names = scanner.Texts();
        int[] sizes = [.. scanner.Numbers().Select(n => n is >= 0 and <= int.MaxValue ? (int)n : throw scanner.Error("a size is out of range"))];
        if (names.Length != sizes.Length)
            throw scanner.Error("there is not one size for each dimension");
        List<TunedTime> times = [];
        foreach (string keyword in scanner.Block())
        {
            if (keyword != "time")
                throw scanner.Error("'" + keyword + "' is not expected");
            string plan = scanner.Text();
            int[] threads = [.. scanner.Numbers().Select(n => n is >= 1 and <= MostThreads ? (int)n : throw scanner.Error("a number of threads is out of range"))];
            long nanoseconds = scanner.Number();
            if (threads.Length is 0 or > MostThreads || nanoseconds <= 0)
                throw scanner.Error("a plan needs threads, and a time");
            times.Add(new TunedTime(plan, threads, nanoseconds, Positive(scanner)));
            scanner.NextLine();
        }
        return new TunedRequest(names, sizes, times);
    }

    private static int Positive(ListingScanner scanner) => scanner.Number() is >= 1 and <= int.MaxValue and var number ? (int)number : throw scanner.Error("a number is out of range");

    private static void Write(ListingText text, TuningSection section)
    {
        text.Line("machine").Text(section.Machine.Processor).Number(section.Machine.Cores).Text(section.Machine.OnnxRuntime).End();
        text.Indent();
        text.Line("graph").Text(section.Hash).End();
        if (section.IsComplete)
            text.Line("complete").End();
        foreach (TunedRequest request in section.Requests)
        {
            text.Line("request").Texts([.. request.Names]).Numbers([.. request.Sizes.Select(s => (long)s)]).End();
            text.Indent();
            foreach (TunedTime time in request.Times)
                text.Line("time").Text(time.Plan).Numbers([.. time.Threads.Select(t => (long)t)]).Number(time.Nanoseconds).Number(time.Rounds).End();
            text.Unindent();
        }
        text.Unindent();
    }
}
