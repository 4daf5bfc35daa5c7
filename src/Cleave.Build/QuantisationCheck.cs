using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Listing;

namespace Cleave.Build;

/// <summary>Whether a model in 8 bits was made of the model that the item's <c>QuantizedFrom</c> names, and for no larger an error than its <c>MaxError</c> (docs/quantize.md).</summary>
internal sealed class QuantisationCheck
{
    /// <summary>Metadata of the item.</summary>
    public const string From = nameof(ListingOptions.QuantizedFrom);
    public const string MostError = nameof(ListingOptions.MaxError);

    private readonly string _from;
    private readonly string _path;
    private readonly string _mostError;

    /// <param name="place">The model's item.</param>
    /// <param name="projectFolder">What the source's path is relative to.</param>
    public QuantisationCheck(ModelPlace place, string projectFolder)
    {
        _from = place.Item.GetMetadata(From);
        _mostError = place.Item.GetMetadata(MostError);
        _path = _from.Length == 0 ? "" : ProjectPaths.Absolute(projectFolder, _from);
    }

    /// <summary>What the check depends on beside the model.</summary>
    public string StampLine => "quantised " + (_from.Length == 0 ? "" : Stamp.State(_path)) + " " + Uri.EscapeDataString(_from + " " + _mostError);

    public IEnumerable<Problem> Check(OnnxModel model) => Why(model) is { } why ? [new Problem(Rules.QuantisationStale, _from.Length > 0 ? _from : "?", why)] : [];

    private string? Why(OnnxModel model)
    {
        if (_from.Length == 0 && _mostError.Length == 0)
            return null;
        if (QuantisationMetadata.Of(model, QuantisationMetadata.Source) is not { } source)
            return "it does not say of which model it was made, as what cleave quantize writes does";
        if (_mostError.Length > 0)
        {
            if (!TryNumber(_mostError, out double allowed) || allowed <= 0)
                return "MaxError='" + _mostError + "' is no number above 0, as in 0.05";
            if (!TryNumber(QuantisationMetadata.Of(model, QuantisationMetadata.MaxError) ?? "", out double made) || made > allowed)
                return "it was made for an error of " + (QuantisationMetadata.Of(model, QuantisationMetadata.MaxError) ?? "unknown size") + ", and the item allows " + _mostError;
        }
        return _from.Length == 0 ? null : WhyNotFrom(source);
    }

    private string? WhyNotFrom(string source)
    {
        try
        {
            return source == QuantisationMetadata.HashKind + Hash() ? null : "that file has changed since";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "that file cannot be read (" + e.Message + ")";
        }
    }

    private string Hash()
    {
        using FileStream file = File.OpenRead(_path);
        using SHA256 sha = SHA256.Create();
        return string.Concat(sha.ComputeHash(file).Select(static b => b.ToString("x2", CultureInfo.InvariantCulture)));
    }

    private static bool TryNumber(string text, out double number) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
}
