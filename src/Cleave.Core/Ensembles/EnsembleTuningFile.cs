using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Core.Listing;
using Cleave.Core.Tuning;

namespace Cleave.Core.Ensembles;

/// <summary>
/// <c>Vision.ensemble.tune</c>: what was measured of an ensemble, one section for each kind of machine, in the form of <see cref="MachineSections{T}"/>. Immutable.
/// </summary>
internal sealed class EnsembleTuningFile
{
    private const string FirstLine = "cleave-ensemble-tuning";
    public const string Chosen = "chosen";

    // No machine has more threads, no batch more samples, no ensemble more members; what is larger is damage.
    private const int MostThreads = 4096;
    public const int MostSamples = 1 << 20;
    private const int MostMembers = 4096;

    public static readonly EnsembleTuningFile Empty = new(MachineSections<EnsembleTuningSection>.Empty);

    private readonly MachineSections<EnsembleTuningSection> _sections;

    private EnsembleTuningFile(MachineSections<EnsembleTuningSection> sections) => _sections = sections;

    public IReadOnlyList<EnsembleTuningSection> Sections => _sections.All;

    /// <inheritdoc cref="MachineSections{T}.Find"/>
    public EnsembleTuningSection? Find(MachineSignature machine) => _sections.Find(machine);

    /// <inheritdoc cref="MachineSections{T}.With"/>
    public EnsembleTuningFile With(EnsembleTuningSection section) => new(_sections.With(section));

    /// <summary>Takes a file apart.</summary>
    /// <exception cref="ListingException">It is damaged, or of a later version.</exception>
    public static EnsembleTuningFile Read(string text) => new(MachineSections<EnsembleTuningSection>.Read(text, FirstLine, "tuning file of an ensemble", ReadSection));

    /// <inheritdoc cref="MachineSections{T}.Write"/>
    public string Write() => _sections.Write(FirstLine, Write);

    private static EnsembleTuningSection ReadSection(ListingScanner scanner)
    {
        MachineSignature machine = new(scanner.Text(), Bounded(scanner, scanner.Number(), MostThreads), scanner.Text());
        bool isComplete = false;
        List<TunedMember> members = [];
        List<TunedMatrix> tried = [];
        List<TunedDevices> devices = [];
        MeasuredRequests? requests = null;
        TunedChoice? chosen = null;
        foreach (string keyword in scanner.Block())
        {
            switch (keyword)
            {
                case "complete":
                    isComplete = true;
                    scanner.NextLine();
                    break;
                case "requests":
                    requests = new MeasuredRequests(scanner.Texts(), scanner.Texts(), scanner.Texts());
                    scanner.NextLine();
                    break;
                case "member" when members.Count < MostMembers && tried.Count == 0 && devices.Count == 0:
                    members.Add(ReadMember(scanner));
                    break;
                case "matrix":
                    tried.Add(ReadMatrix(scanner, members.Count));
                    scanner.NextLine();
                    break;
                case Chosen when tried.Count > 0:
                    chosen = Choice(scanner, ReadMatrix(scanner, members.Count));
                    break;
                case TunedDevicesText.Keyword when members.Count > 0:
                    devices.Add(TunedDevicesText.Read(scanner, members));
                    if (devices.Take(devices.Count - 1).Any(d => d.IsOf(devices[devices.Count - 1].Names)))
                        throw scanner.Error("the devices before have a block already");
                    break;
                default:
                    throw scanner.Error("'" + keyword + "' is not expected");
            }
        }
        return members.Count > 0 ? new EnsembleTuningSection(machine, isComplete, members, tried) { Requests = requests, Chosen = chosen, Devices = devices } : throw scanner.Error("the section before has no 'member'");
    }

    /// <summary>What follows the matrix of that line; goes to the next.</summary>
    public static TunedChoice Choice(ListingScanner scanner, TunedMatrix matrix)
    {
        TunedChoice choice = new(matrix with { Nanoseconds = Positive(scanner, matrix.Nanoseconds) }, Positive(scanner, scanner.Number()));
        scanner.NextLine();
        return choice;
    }

    private static TunedMember ReadMember(ListingScanner scanner)
    {
        string name = scanner.Text(), graph = scanner.Text();
        MemberMemory memory = new(name, Bytes(scanner), Bytes(scanner), Bytes(scanner));
        List<TunedCell> times = [];
        foreach (string keyword in scanner.Block())
        {
            if (keyword != "time" || scanner.Numbers() is not [var threads, var batch])
                throw scanner.Error("'time', threads and samples are expected");
            times.Add(new TunedCell(Bounded(scanner, threads, MostThreads), Bounded(scanner, batch, MostSamples), Positive(scanner, scanner.Number())));
            scanner.NextLine();
        }
        return new TunedMember(memory, graph, times);
    }

    private static TunedMatrix ReadMatrix(ListingScanner scanner, int members)
    {
        long[] numbers = scanner.Numbers();
        if (numbers.Length != 3L * members)
            throw scanner.Error("a matrix needs instances, threads and samples of each member");
        InstanceGroup[] cells = new InstanceGroup[members];
        for (int m = 0; m < members; m++)
            cells[m] = Cell(scanner, numbers, m);
        return new TunedMatrix(cells, Positive(scanner, scanner.Number()));
    }

    /// <summary>The cell of that place among three numbers each.</summary>
    public static InstanceGroup Cell(ListingScanner scanner, long[] numbers, int place) =>
        new(Bounded(scanner, numbers[3 * place], MostThreads), Bounded(scanner, numbers[(3 * place) + 1], MostThreads), Bounded(scanner, numbers[(3 * place) + 2], MostSamples));

    public static int Bounded(ListingScanner scanner, long number, int most) => number >= 1 && number <= most ? (int)number : throw scanner.Error("a number is out of range");

    public static long Positive(ListingScanner scanner, long number) => number >= 1 ? number : throw scanner.Error("a time is out of range");

    public static long Bytes(ListingScanner scanner) => scanner.Number() is >= 0 and <= 1L << 48 and var bytes ? bytes : throw scanner.Error("a number of bytes is out of range");

    /// <summary>The matrices that were deployed, and the choice among them.</summary>
    public static void Write(ListingText text, IReadOnlyList<TunedMatrix> tried, TunedChoice? chosen)
    {
        foreach (TunedMatrix matrix in tried)
            text.Line("matrix").Numbers(Numbers(matrix)).Number(matrix.Nanoseconds).End();
        if (chosen is not null)
            text.Line(Chosen).Numbers(Numbers(chosen.Matrix)).Number(chosen.Matrix.Nanoseconds).Number(chosen.Untuned).End();
    }

    private static long[] Numbers(TunedMatrix matrix) => [.. matrix.Cells.SelectMany(static c => new long[] { c.Count, c.Threads, c.Batch })];

    private static void Write(ListingText text, EnsembleTuningSection section)
    {
        if (section.IsComplete)
            text.Line("complete").End();
        if (section.Requests is { } requests)
            text.Line("requests").Texts([.. requests.Sizes]).Texts([.. requests.Fills]).Texts([.. requests.Outputs]).End();
        foreach (TunedMember member in section.Members)
        {
            MemberMemory memory = member.Memory;
            text.Line("member").Text(memory.Name).Text(member.Graph).Number(memory.Weights).Number(memory.Sample).Number(memory.Fixed).End();
            text.Indent();
            foreach (TunedCell time in member.Times)
                text.Line("time").Numbers([time.Threads, time.Batch]).Number(time.Nanoseconds).End();
            text.Unindent();
        }
        Write(text, section.Tried, section.Chosen);
        foreach (TunedDevices devices in section.Devices)
            TunedDevicesText.Write(text, devices);
    }
}
