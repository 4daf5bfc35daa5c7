using System.IO;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Fixing;

namespace Cleave.Benchmarks.Batches;

/// <summary>Published networks for images of a fixed batch of one, the batch freed by <c>cleave fix</c>, which compares the results.</summary>
internal static class FreedModels
{
    public const string Batch = "batch";

    public static readonly string[] Names = ["light_squeezenet_random", "light_shufflenet_random", "light_densenet121_random", "light_inception_v2_random"];

    /// <summary>The file, made at the first call.</summary>
    public static string PathOf(string name)
    {
        string published = ModelCatalog.Get(name).Write(ModelCatalog.Folder), freed = Path.Combine(ModelCatalog.Folder, name + "_freed.onnx");
        // Throws where the results differ.
        if (!File.Exists(freed))
            new FixRun(new FixOptions { Model = published, Output = freed, Batch = Batch, Measure = false }, static (_, _) => { }, default).Run();
        return freed;
    }

    public static bool Exist => SharedModels.Exist;
}
