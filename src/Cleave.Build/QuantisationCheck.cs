using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
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
    // A model that is no model has no other files; that its digest is another is said all the same.
    private readonly Lazy<ModelFiles> _files;

    /// <param name="place">The model's item.</param>
    /// <param name="projectFolder">What the source's path is relative to.</param>
    public QuantisationCheck(ModelPlace place, string projectFolder)
    {
        _from = place.Item.GetMetadata(From);
        _mostError = place.Item.GetMetadata(MostError);
        _path = _from.Length == 0 ? "" : ProjectPaths.Absolute(projectFolder, _from);
        _files = new Lazy<ModelFiles>(() => Files(_path));
    }

    /// <summary>What the check depends on beside the model: all files of its source.</summary>
    public string StampLine => "quantised " + (_from.Length == 0 ? "" : string.Join(" ", _files.Value.Paths.Select(Stamp.State))) + " " + Uri.EscapeDataString(_from + " " + _mostError);

    public IEnumerable<Problem> Check(OnnxModel model) => Why(model) is { } why ? [new Problem(Rules.QuantisationStale, _from.Length > 0 ? _from : "?", why)] : [];

    private string? Why(OnnxModel model)
    {
        if (_from.Length == 0 && _mostError.Length == 0)
            return null;
        if (QuantisationMetadata.Of(model, QuantisationMetadata.Source) is not { } source)
            return "it does not say of which model it was made, as what cleave quantize writes does";
        if (_mostError.Length > 0)
        {
            if (!TryNumber(_mostError, out double allowed) || !(allowed > 0))
                return "MaxError='" + _mostError + "' is no number above 0, as in 0.05";
            if (!TryNumber(QuantisationMetadata.Of(model, QuantisationMetadata.MaxError) ?? "", out double made) || !(made <= allowed))
                return "it was made for an error of " + (QuantisationMetadata.Of(model, QuantisationMetadata.MaxError) ?? "unknown size") + ", and the item allows " + _mostError;
        }
        return _from.Length == 0 ? null : WhyNotFrom(source);
    }

    private string? WhyNotFrom(string source)
    {
        try
        {
            return source == QuantisationMetadata.HashKind + _files.Value.Digest() ? null : _files.Value.Paths.Skip(1).Any() ? "that file, or one with its weights, has changed since" : "that file has changed since";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (_files.Value.Paths.Skip(1).Any() ? "that file, or one with its weights, cannot be read: " : "that file cannot be read: ") + UnreadableFile.Why(e);
        }
    }

    private static ModelFiles Files(string path)
    {
        try
        {
            return ModelFiles.Of(path);
        }
        catch (Exception e) when (e is ModelException or IOException or UnauthorizedAccessException)
        {
            return new ModelFiles(path, []);
        }
    }

    private static bool TryNumber(string text, out double number) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
}
