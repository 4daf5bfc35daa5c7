using System;
using System.Linq;
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
        string output = Known(item.GetMetadata(ToOutput)), publish = item.GetMetadata(ToPublish);
        return new(output, publish.Length == 0 ? output : Known(publish));
    }

    /// <summary>Where a file belongs to two models, it is copied for either.</summary>
    public CopyWhen Or(CopyWhen other) => new(Output == Never ? other.Output : Output, Publish == Never ? other.Publish : Publish);

    /// <summary>Writes it on an item that the SDK copies.</summary>
    public void Set(ITaskItem item)
    {
        item.SetMetadata(ToOutput, Output);
        item.SetMetadata(ToPublish, Publish);
    }

    private static string Known(string given) => new[] { Never, "Always" }.FirstOrDefault(known => known.Equals(given, StringComparison.OrdinalIgnoreCase)) ?? Changed;
}
