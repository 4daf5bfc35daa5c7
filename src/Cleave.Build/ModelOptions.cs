using System.Collections.Generic;
using System.Linq;
using System.Text;
using Cleave.Core.Listing;

namespace Cleave.Build;

/// <summary>What the item and the project say of a model, as the listing carries it.</summary>
internal static class ModelOptions
{
    public static ListingOptions For(ModelPlace place, string rootNamespace)
    {
        string given = place.Item.GetMetadata("Namespace");
        return new()
        {
            Source = place.Source,
            Path = place.Output,
            Link = place.Linked,
            Namespace = given.Length > 0 ? given : Identifiers(rootNamespace),
            ClassName = place.Item.GetMetadata("ClassName"),
            Access = place.Item.GetMetadata("Access"),
            Slicing = place.Item.GetMetadata("Slicing"),
            Weights = place.Item.GetMetadata("Weights"),
            Plan = place.Item.GetMetadata("Plan"),
            Dims = place.Item.GetMetadata("Dims"),
            Validate = place.Item.GetMetadata("Validate"),
            MaxSlowdown = place.Item.GetMetadata("MaxSlowdown"),
            QuantizedFrom = place.Item.GetMetadata("QuantizedFrom").Replace('\\', '/'),
            MaxError = place.Item.GetMetadata("MaxError"),
            Settings = [.. RunnerSettings.Names.Select(name => new KeyValuePair<string, string>(name, place.Item.GetMetadata(name))).Where(setting => setting.Value.Length > 0)],
            Outputs = ItemList.Read(place.Item, "Outputs"),
        };
    }

    // The root namespace defaults to the project's name, where anything may stand ("my-app", "2048"). What the user
    // gave on the item stays as it is: what is wrong with that, the generator says.
    private static string Identifiers(string rootNamespace)
    {
        StringBuilder safe = new();
        bool start = true;
        foreach (char c in rootNamespace)
        {
            if (start && char.IsDigit(c))
                safe.Append('_');
            safe.Append(c == '.' || c == '_' || char.IsLetterOrDigit(c) ? c : '_');
            start = c == '.';
        }
        return safe.ToString();
    }
}
