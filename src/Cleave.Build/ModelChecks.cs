using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Core.Placement;
using Cleave.Core.Tuning;

namespace Cleave.Build;

/// <summary>What is checked of a model beside what its file says: its contract, what was measured of it, and the names of its item metadata.</summary>
internal sealed class ModelChecks
{
    private readonly ModelPlace _place;
    private readonly bool _contractRequired;
    private readonly List<Problem> _metadata;
    private readonly QuantisationCheck _quantisation;

    public ModelChecks(ModelPlace place, string projectFolder, bool contractRequired)
    {
        _place = place;
        _contractRequired = contractRequired;
        _metadata = [.. place.Problems, .. CopyWhen.Problems(place.Item), .. MetadataNames.Misspelt(place.Item, MetadataNames.OfModels).Select(static m => new Problem(Rules.MetadataMisspelt, m.Name, m.Meant)), .. Contradictions(place)];
        _quantisation = new QuantisationCheck(place, projectFolder);
    }

    /// <summary>The contract's absolute path, whether or not there is one.</summary>
    public string Contract => ModelContract.FileOf(_place.File);

    /// <summary>Whether all could be read that is compared: what mends it may leave length and time as they are.</summary>
    public bool AllRead { get; private set; } = true;

    /// <summary>What the checks depend on beside the model and the options, for its stamp.</summary>
    public IEnumerable<string> StampLines()
    {
        yield return "contract " + (_contractRequired ? "required " : "") + Stamp.State(Contract);
        yield return _quantisation.StampLine;
        yield return "tuning " + Stamp.State(_place.File + TuningFile.Ending);
        foreach (Problem problem in _metadata)
            yield return "metadata " + problem.Rule.Id + " " + Uri.EscapeDataString(string.Join(" ", problem.Arguments));
    }

    /// <summary>The listing with what the checks found.</summary>
    public ModelListing Check(ModelListing listing)
    {
        List<Problem> tuning = CheckTuning(listing, out TuningFile? file);
        return listing with
        {
            Options = listing.Options with { Accelerator = Accelerator(listing, file, tuning) },
            Problems = [.. listing.Problems, .. _metadata, .. CheckContract(listing), .. tuning, .. listing.Model is { } model ? _quantisation.Check(model) : []],
        };
    }

    // Only where the model is planned for one: others need not change with it.
    private IReadOnlyList<string> Accelerator(ModelListing listing, TuningFile? file, List<Problem> problems)
    {
        try
        {
            return file is not null && listing.Options.Settings.Any(s => s.Key == "Accelerator") ? MeasuredAccelerator.Of(file) : [];
        }
        catch (FormatException e)
        {
            problems.Add(new Problem(Rules.TuningStale, _place.Source + TuningFile.Ending, "the accelerator's profile cannot be used: " + e.Message));
            return [];
        }
    }

    private IEnumerable<Problem> CheckContract(ModelListing listing)
    {
        string name = ModelContract.FileOf(_place.Source);
        if (listing.Model is not { } model)
            return [];
        if (!File.Exists(Contract))
            return _contractRequired ? [new Problem(Rules.ContractMissing, name)] : [];
        IReadOnlyList<string> differences;
        try
        {
            differences = ModelContract.Differences(File.ReadAllText(Contract), model);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            AllRead = false;
            differences = ["the file cannot be read: " + UnreadableFile.Why(e)];
        }
        return differences.Count == 0 ? [] : [new Problem(Rules.ContractBroken, name, string.Join("; ", differences))];
    }

    private List<Problem> CheckTuning(ModelListing listing, out TuningFile? file)
    {
        file = null;
        string path = _place.File + TuningFile.Ending, name = _place.Source + TuningFile.Ending;
        if (listing.Model is not { } model || !File.Exists(path))
            return [];
        try
        {
            string hash = ListingWriter.Hash(model);
            file = TuningFile.Read(File.ReadAllText(path));
            string[] stale = [.. file.Sections.Where(s => s.Hash != hash && !s.IsOfAccelerator).Select(s => s.Machine.Words)];
            return stale.Length == 0 ? [] : [new Problem(Rules.TuningStale, name, "it was measured on another graph (" + string.Join("; ", stale) + ")")];
        }
        catch (ListingException e)
        {
            return [new Problem(Rules.TuningStale, name, e.Message)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            AllRead = false;
            return [new Problem(Rules.TuningStale, name, "it cannot be read: " + UnreadableFile.Why(e))];
        }
    }

    // Of several items of one model, which is to hold?
    private static IEnumerable<Problem> Contradictions(ModelPlace place) =>
        from other in place.Others
        from name in MetadataNames.OfModels
        let said = other.GetMetadata(name)
        let holds = place.Item.GetMetadata(name)
        where said.Length > 0 && said != holds
        select new Problem(Rules.BadMetadata, name, said, "another item of the same model says " + name + "=\"" + holds + "\": leave one of them out");
}
