using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;

namespace Cleave.Core.Listing;

/// <summary>Makes the listing of a model file.</summary>
internal static class ModelLister
{
    /// <summary>The listing of the file at <paramref name="modelPath"/>. Whatever is wrong with the file is a problem in it.</summary>
    public static ModelListing List(string modelPath, ListingOptions options, CancellationToken cancellation)
    {
        try
        {
            OnnxModel model;
            using (ByteSource source = ByteSource.OpenFile(modelPath))
                model = ModelReader.Read(source, cancellation);
            ExternalFiles external = new(modelPath);
            string[] files = external.Find(model);
            return new ModelListing { Options = options, Model = model, ExternalFiles = files, Problems = external.Problems };
        }
        catch (ModelException e)
        {
            return new ModelListing { Options = options, Problems = [e.Problem] };
        }
    }
}
