using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Cleave.Tool.Rewriting;

/// <summary>Names for values and nodes that a model does not have yet.</summary>
internal sealed class FreshNames(ModelEdit edit)
{
    private readonly HashSet<string> _used = new(
        edit.Graph.Node.SelectMany(n => n.Output).Concat(edit.Graph.Node.Select(n => n.Name)).Concat(edit.InitializerNames()).Concat(edit.Graph.Input.Select(i => i.Name)).Concat(edit.BodyNames),
        StringComparer.Ordinal);

    /// <summary>The wished name, or one like it; it is taken from then on.</summary>
    public string Next(string wish)
    {
        string name = wish;
        for (int i = 1; !_used.Add(name); i++)
            name = string.Create(CultureInfo.InvariantCulture, $"{wish}_{i}");
        return name;
    }
}
