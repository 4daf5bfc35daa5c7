using System;
using System.Collections.Generic;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;

namespace Cleave.Generator.Model;

/// <summary>Checks the item metadata in a listing; what cannot be understood becomes a problem.</summary>
internal sealed class OptionReader(ListingOptions options, List<Problem> problems, Rule rule)
{
    private const string DefaultNamespace = "Cleave.Models";
    private const int LongestNamespace = 500;

    public string Namespace(string rootNamespace)
    {
        string wanted = options.Namespace;
        string fromProject = Identifiers.NamespaceFromProject(rootNamespace);
        // Where the item gives none, the listing has what the build makes of the project's: it does not know C#'s keywords.
        if (wanted.Length == 0 || Identifiers.NamespaceFromProject(wanted) == fromProject)
            return fromProject.Length is 0 or > LongestNamespace ? DefaultNamespace : fromProject;
        if (wanted.Length > LongestNamespace || !Identifiers.IsNamespace(wanted))
            Refuse("Namespace", wanted, "use a C# namespace such as MyApp.Models, without keywords");
        return wanted;
    }

    public string Stem(string modelName)
    {
        if (options.ClassName.Length == 0)
        {
            string stem = Identifiers.Pascal(modelName, prefixForDigits: "Model");
            return stem.Length > 0 ? stem : "Model";
        }
        if (!Identifiers.IsIdentifier(options.ClassName))
            Refuse("ClassName", options.ClassName, "use a C# identifier of at most 100 characters that is no keyword: FaceDetector makes FaceDetectorRunner");
        return options.ClassName;
    }

    public string Access() =>
        OneOf("Access", options.Access, "use internal or public", "internal", "public") ?? "internal";

    public bool? Slicing() =>
        OneOf("Slicing", options.Slicing, "use true or false", "true", "false") is { } word ? word == "true" : null;

    public string? Weights() =>
        OneOf("Weights", options.Weights, "use Auto, Copy or Map", "Auto", "Copy", "Map");

    public string? Plan(bool? slicing)
    {
        string? plan = OneOf("Plan", options.Plan, "use Auto, Whole or Split", "Auto", "Whole", "Split");
        if (plan == "Split" && slicing == false)
            Refuse("Plan", options.Plan, "with Slicing=\"false\" there is one session: take one of the two off the item");
        return plan;
    }

    /// <summary>What only validation uses: what is wrong with it, every build says.</summary>
    public void CheckValidation()
    {
        bool isLeftOut = OneOf("Validate", options.Validate, "use true or false", "true", "false") == "false";
        if (options.MaxSlowdown.Length == 0)
            return;
        if (SpeedBudget.Parse(options.MaxSlowdown) is null)
            Refuse("MaxSlowdown", options.MaxSlowdown, SpeedBudget.Advice);
        else if (isLeftOut)
            Refuse("MaxSlowdown", options.MaxSlowdown, "with Validate=\"false\" nothing checks it: take one of the two off the item");
    }

    private string? OneOf(string metadata, string value, string advice, params string[] known)
    {
        if (value.Length == 0)
            return null;
        string? found = Array.Find(known, k => k.Equals(value, StringComparison.OrdinalIgnoreCase));
        if (found is null)
            Refuse(metadata, value, advice);
        return found;
    }

    private void Refuse(string metadata, string value, string advice) =>
        problems.Add(new Problem(rule, metadata, value, advice));
}
