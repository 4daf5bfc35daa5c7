using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Cleave.Core.Diagnostics;
using Cleave.Ensembles;

namespace Cleave;

/// <summary>A member of an ensemble in an <see cref="EnsembleSnapshot"/>: whether it answers, and what the last failure said. Immutable.</summary>
public sealed class MemberSnapshot
{
    internal MemberSnapshot(string name, MemberCounts counts, IReadOnlyList<string> instances, int waiting)
    {
        Name = name;
        Instances = instances;
        Waiting = waiting;
        Answers = counts.Answers;
        FailuresInARow = counts.InARow;
        Failures = counts.Failures;
        LastFailure = Failures > 0 ? counts.Last?.Message : null;
    }

    /// <summary>Its path in the project; its <c>Link</c>, if it has one.</summary>
    public string Name { get; }

    /// <summary>Runs that gave outputs: one for a request, and one for each batch of a request that was cut into segments.</summary>
    public long Answers { get; }

    /// <summary>Runs that failed, those among them that were tried again.</summary>
    public long Failures { get; }

    /// <summary>Runs that failed since the last one that gave outputs; other weights (<see cref="EnsembleRunner{TInput,TOutput}.ReloadMemberAsync"/>) alone do not change it.</summary>
    public long FailuresInARow { get; }

    /// <summary>Whether its last run failed.</summary>
    public bool IsFailing => FailuresInARow > 0;

    /// <summary>What the last failure said, answered since then or not; null where none was. Text from the model may be in it.</summary>
    public string? LastFailure { get; }

    /// <summary>Where its instances are that serve segments of requests, as <c>cpu</c> or the name of a device; empty where no request was cut so far, and where all were lost.</summary>
    public IReadOnlyList<string> Instances { get; }

    /// <summary>Segments that wait for it.</summary>
    public int Waiting { get; }

    /// <summary>All of it on one line.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{OneLine.Of(Name)}: {LedgerSnapshot.Count(Answers, "answer")}");
        if (Failures > 0)
            text.Append(CultureInfo.InvariantCulture, $", {LedgerSnapshot.Count(Failures, "failure")}, {FailuresInARow} of them since the last answer");
        if (Waiting > 0)
            text.Append(", ").Append(LedgerSnapshot.Count(Waiting, "segment")).Append(Waiting == 1 ? " waits" : " wait");
        if (Instances.Count > 0)
            text.Append(", on ").AppendJoin(" and ", Instances.GroupBy(static i => i).Select(static g => (g.Count() > 1 ? g.Count().ToString(CultureInfo.InvariantCulture) + "x " : "") + OneLine.Of(g.Key)));
        if (LastFailure is { } last)
            text.Append("; the last failure: ").Append(OneLine.Of(last));
        return text.ToString();
    }
}
