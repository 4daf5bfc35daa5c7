namespace Cleave.Core.Listing;
internal static class ModelLister
{
    public static ModelListing List(string modelPath, ListingOptions options, System.Threading.CancellationToken ct) =>
        new() { Options = options, Problems = System.IO.File.Exists(modelPath) ? [] : [new(Diagnostics.Rules.FileMissing)] };
}
