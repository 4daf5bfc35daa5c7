using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Diagnostics;
using Microsoft.Build.Framework;

namespace Cleave.Build;

/// <summary>When a model, and the files beside it, are copied to the output and to what is published.</summary>
/// <param name="Output">To the output.</param>
/// <param name="Publish">To what is published.</param>
internal sealed record CopyWhen(string Output, string Publish)
{
    /// <summary>Metadata of items, the model's and those that the SDK copies.</summary>
    public const string ToOutput = "CopyToOutputDirectory";
    public const string ToPublish = "CopyToPublishDirectory";

    private const string Never = "Never";

    // The targets copy what differs, so that IfDifferent, which older SDKs do not know, is what everything else is.
    private const string Changed = "PreserveNewest";

    /// <summary>What is copied where nothing is said.</summary>
    public static CopyWhen Default { get; } = new(Changed, Changed);

    /// <summary>Whether it is copied anywhere.</summary>
    public bool Anywhere => Output != Never || Publish != Never;

    /// <summary>What the model's item says. As for any item, what is said of the output holds for publishing, unless that says something itself.</summary>
    public static CopyWhen Of(ITaskItem item)
    {
        string output = Known(item, ToOutput), publish = Known(item, ToPublish);
        return new(output.Length == 0 ? Changed : output, publish.Length > 0 ? publish : output.Length > 0 ? output : Changed);
    }

    /// <summary>What the item says, and nobody understands: MSBuild would not copy then, where one who wants Never must not have the model published for a slip.</summary>
    public static IEnumerable<Problem> Problems(ITaskItem item) =>
        from name in new[] { ToOutput, ToPublish }
        let given = item.GetMetadata(name).Trim()
        where given.Length > 0 && Known(item, name) is { Length: 0 }
        select new Problem(Rules.BadMetadata, name, given, "use PreserveNewest, IfDifferent, Always or Never");

    /// <summary>Where a file belongs to two models, it is copied for either.</summary>
    public CopyWhen Or(CopyWhen other) => new(Output == Never ? other.Output : Output, Publish == Never ? other.Publish : Publish);

    /// <summary>Writes it on an item that the SDK copies.</summary>
    public void Set(ITaskItem item)
    {
        item.SetMetadata(ToOutput, Output);
        item.SetMetadata(ToPublish, Publish);
    }

    // "" where nothing is said, or nothing that means something.
    private static string Known(ITaskItem item, string name)
    {
        string given = item.GetMetadata(name).Trim();
        string known = new[] { Never, "Always", Changed, "IfDifferent" }.FirstOrDefault(known => known.Equals(given, StringComparison.OrdinalIgnoreCase)) ?? "";
        return known == "IfDifferent" ? Changed : known;
    }
}
