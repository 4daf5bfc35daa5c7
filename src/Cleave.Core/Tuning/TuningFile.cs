using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Listing;

namespace Cleave.Core.Tuning;

/// <summary>
/// <c>model.onnx.tune</c>: what was measured of a model, one section for each kind of machine, in the form of <see cref="MachineSections{T}"/>. Immutable.
/// </summary>
internal sealed class TuningFile
{
    public const string Ending = ".tune";

    private const string FirstLine = "cleave-tuning";

    // No machine has more; what is larger is damage, and sums of it would overflow.
    private const int MostThreads = 4096;

    public static readonly TuningFile Empty = new(MachineSections<TuningSection>.Empty);

    private readonly MachineSections<TuningSection> _sections;

    private TuningFile(MachineSections<TuningSection> sections) => _sections = sections;

    public IReadOnlyList<TuningSection> Sections => _sections.All;

    /// <inheritdoc cref="MachineSections{T}.Find"/>
    public TuningSection? Find(MachineSignature machine) => _sections.Find(machine);

    /// <inheritdoc cref="MachineSections{T}.With"/>
    public TuningFile With(TuningSection section) => new(_sections.With(section));

    /// <summary>Takes a file apart.</summary>
    /// <exception cref="ListingException">It is damaged, or of a later version.</exception>
    public static TuningFile Read(string text) => new(MachineSections<TuningSection>.Read(text, FirstLine, "tuning file", ReadSection));

    /// <inheritdoc cref="MachineSections{T}.Write"/>
    public string Write() => _sections.Write(FirstLine, Write);

    private static TuningSection ReadSection(ListingScanner scanner)
    {
        MachineSignature machine = new(scanner.Text(), Positive(scanner), scanner.Text());
        if (scanner.HasField)
            machine = machine with { Precision = scanner.Text() };
        string hash = "";
        bool isComplete = false;
        List<TunedRequest> requests = [];
        string[] accelerator = [];
        List<TunedPlan> plans = [];
        foreach (string keyword in scanner.Block())
        {
            switch (keyword)
            {
                case "accelerator":
                    accelerator = scanner.Texts();
                    scanner.NextLine();
                    break;
                case "graph":
                    hash = scanner.Text();
                    scanner.NextLine();
                    break;
                case "plan":
                    plans.Add(new TunedPlan(scanner.Text(), scanner.Text()));
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
        return hash.Length > 0 ? new TuningSection(machine, hash, isComplete, requests) { Accelerator = accelerator, Plans = plans } : throw scanner.Error("the section before has no 'graph'");
    }

    private static TunedRequest ReadRequest(ListingScanner scanner)
    {
        string[] names = scanner.Texts();
        int[] sizes = [.. scanner.Numbers().Select(n => n is >= 0 and <= int.MaxValue ? (int)n : throw scanner.Error("a size is out of range"))];
        if (names.Length != sizes.Length)
            throw scanner.Error("there is not one size for each dimension");
        string[] fills = scanner.HasField ? scanner.Texts() : [];
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
            TunedTime time = new(plan, threads, nanoseconds, Positive(scanner));
            if (scanner.HasField)
                time = time with { Crowded = scanner.Number() is > 0 and var crowded ? crowded : throw scanner.Error("a number is out of range") };
            times.Add(time);
            scanner.NextLine();
        }
        return new TunedRequest(names, sizes, times) { Fills = fills };
    }

    private static int Positive(ListingScanner scanner) => scanner.Number() is >= 1 and <= int.MaxValue and var number ? (int)number : throw scanner.Error("a number is out of range");

    private static void Write(ListingText text, TuningSection section)
    {
        text.Line("graph").Text(section.Hash).End();
        if (section.IsComplete)
            text.Line("complete").End();
        if (section.Accelerator.Count > 0)
            text.Line("accelerator").Texts([.. section.Accelerator]).End();
        foreach (TunedPlan plan in section.Plans)
            text.Line("plan").Text(plan.Name).Text(plan.Fingerprint).End();
        foreach (TunedRequest request in section.Requests)
        {
            text.Line("request").Texts([.. request.Names]).Numbers([.. request.Sizes.Select(s => (long)s)]);
            if (request.Fills.Count > 0)
                text.Texts([.. request.Fills]);
            text.End();
            text.Indent();
            foreach (TunedTime time in request.Times)
            {
                text.Line("time").Text(time.Plan).Numbers([.. time.Threads.Select(t => (long)t)]).Number(time.Nanoseconds).Number(time.Rounds);
                if (time.Crowded > 0)
                    text.Number(time.Crowded);
                text.End();
            }
            text.Unindent();
        }
    }
}
