using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Listing;

/// <summary>The section <c>graph</c> of a listing while it is read.</summary>
internal sealed class GraphSection
{
    public long IrVersion { get; set; }

    public List<OpsetImport> Opsets { get; } = [];

    public List<ModelFunction> Functions { get; } = [];

    public GraphBuilder Body { get; set; } = new();
}
