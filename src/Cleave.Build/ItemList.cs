using System.Collections.Generic;
using Cleave.Core.Listing;
using Microsoft.Build.Framework;

namespace Cleave.Build;

/// <summary>Item metadata that holds a list.</summary>
internal static class ItemList
{
    /// <summary>The entries, without escapes.</summary>
    public static IReadOnlyList<string> Read(ITaskItem item, string metadata)
    {
        // GetMetadata gives the text without its escapes: a ';' inside a name would look like one between two.
        return EscapedList.Read(((ITaskItem2)item).GetMetadataValueEscaped(metadata));
    }
}
