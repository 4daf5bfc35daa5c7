using System;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Threading;
using Cleave.Core.Ensembles;
using Cleave.Core.Listing;
using Cleave.Tuning;

namespace Cleave.Tool.Ensembles;

/// <summary>Where what is measured of an ensemble is written down after each step, and for how long is measured.</summary>
/// <param name="models">The members.</param>
/// <param name="folder">Where the project is.</param>
/// <param name="cores">The cores of all members.</param>
/// <param name="budget">How long may be measured.</param>
/// <param name="token">Ends it; what was measured stays.</param>
internal sealed class EnsembleTuningJournal(EnsembleModels models, string folder, int cores, TimeSpan budget, CancellationToken token)
{
    private readonly long _until = Stopwatch.GetTimestamp() + (long)(budget.TotalSeconds * Stopwatch.Frequency);

    public string File { get; } = models.FileIn(folder);

    public CancellationToken Token => token;

    /// <summary>Whether there was no time for something.</summary>
    public bool Missed { get; private set; }

    /// <summary>Whether nothing more may be begun. The caller leaves something out if so.</summary>
    public bool IsOver()
    {
        token.ThrowIfCancellationRequested();
        Missed |= Stopwatch.GetTimestamp() >= _until;
        return Missed;
    }

    /// <summary>Why what is known of this machine does not count and is replaced, as what is said of the file; null: it counts, or nothing is known.</summary>
    /// <exception cref="DamagedFileException">The file is damaged.</exception>
    public string? WhyAnew() => EnsembleTuningStore.Find(Whole(), models.Definition, cores, out string? why) is { } known ? known.WhyNotOf(models.Requests) : why;

    /// <summary>What is known of these members and such requests on this machine; where nothing is, a section without times.</summary>
    /// <exception cref="DamagedFileException">The file is damaged.</exception>
    public EnsembleTuningSection Read()
    {
        EnsembleTuningSection? known = EnsembleTuningStore.Find(Whole(), models.Definition, cores, out _);
        return known is not null && known.WhyNotOf(models.Requests) is null
            ? known
            : new EnsembleTuningSection(
                ThisMachine.Of(cores), IsComplete: false,
                [.. models.Paths.Select((p, m) => new TunedMember(new MemberMemory(p, models.Specs[m].Facts.WeightBytes, 0), models.Definition.Members[m].Model.Hash, []))], [])
            {
                Requests = models.Requests,
            };
    }

    /// <summary>Puts the section into the file: whole or not at all, and beside what came from other machines meanwhile.</summary>
    public void Save(EnsembleTuningSection section)
    {
        using IDisposable? held = TuningLock.ToWrite(File);
        byte[] text = Encoding.UTF8.GetBytes(Whole().With(section).Write());
        OutputFile.Write(File, stream => stream.Write(text));
    }

    private EnsembleTuningFile Whole() => System.IO.File.Exists(File) ? LinesFile.Read(File, EnsembleTuningFile.Read) : EnsembleTuningFile.Empty;
}
