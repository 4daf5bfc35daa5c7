using System.Globalization;
using Cleave.Generated;

namespace Cleave.Lanes;

/// <summary>What a statement of a lane method does. Tables in generated code hold the numbers.</summary>
internal enum StatementKind
{
    Run,
    Send,
    Receive,
}

/// <summary>One statement of a lane method.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Subject">The segment that it runs, or the value that it sends or receives.</param>
/// <param name="Index">The segment's place in the plan, or the value's among the plan's results.</param>
/// <param name="Sample">Of which of several samples; 0 where there is one.</param>
internal readonly record struct Statement(StatementKind Kind, object Subject, int Index, int Sample = 0)
{
    /// <summary>As it stands in the method: <c>Send(relu_3)</c>.</summary>
    public override string ToString() =>
        Kind + "(" + (Subject is Segment segment ? segment.Name : ((Value)Subject).Name) + ")";

    /// <summary>For messages: <c>lane 1 (Heads)</c>.</summary>
    public static string LaneName(Plan plan, int lane) =>
        "lane " + lane.ToString(CultureInfo.InvariantCulture) + " (" + plan.Lanes[lane].Method.Name + ")";
}
