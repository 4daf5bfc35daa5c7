using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Cleave.Core.Diagnostics;

namespace Cleave;

/// <summary>
/// How the members of an ensemble do at one moment: for health pages and questions (<see cref="EnsembleRunner{TInput,TOutput}.TakeSnapshot"/>). Immutable. Requests go on while it is
/// taken, so its numbers may be a run apart from each other.
/// </summary>
public sealed class EnsembleSnapshot
{
    internal EnsembleSnapshot(string name, int waiting, MemberSnapshot[] members)
    {
        Name = name;
        Waiting = waiting;
        Members = Array.AsReadOnly(members);
    }

    /// <summary>The ensemble's name.</summary>
    public string Name { get; }

    /// <summary>Requests that <c>RunAsync</c>, <c>RunMany</c> or <c>RunManyAsync</c> was given and that wait for a thread of the runner: their number has no limit.</summary>
    public int Waiting { get; }

    /// <summary>Its members, as the item lists them.</summary>
    public IReadOnlyList<MemberSnapshot> Members { get; }

    /// <summary>A line for each member; <c>!</c> is before one whose last run failed.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(OneLine.Of(Name));
        if (Waiting > 0)
            text.Append(CultureInfo.InvariantCulture, $": {LedgerSnapshot.Count(Waiting, "request")} waiting");
        foreach (MemberSnapshot member in Members)
            text.Append(member.IsFailing ? "\n! " : "\n  ").Append(member);
        return text.ToString();
    }
}
