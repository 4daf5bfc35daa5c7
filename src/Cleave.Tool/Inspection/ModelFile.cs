using System.IO;
using System.Threading;
using Cleave.Core.Listing;

namespace Cleave.Tool.Inspection;

/// <summary>Reads a model as the build does.</summary>
internal static class ModelFile
{
    public static ModelListing List(string path, CancellationToken cancellationToken)
    {
        string name = Path.GetFileName(path);
        return ModelLister.List(path, new ListingOptions { Source = name, Path = "models/" + name }, cancellationToken);
    }
}
