using System.IO;
using System.Linq;
using System.Xml.Linq;
using Cleave.TestKit;

namespace Cleave.Release.Tests;

/// <summary>Numbers that stand in the repository's Directory.Build.props.</summary>
internal static class Repository
{
    public static string LowestOnnxRuntime => Property("OnnxRuntimeLowest");

    public static string ReleaseVersion => Property("VersionPrefix");

    /// <summary>The ONNX Runtime that setup found; the lowest supported where it says nothing else.</summary>
    public static string ProvidedOnnxRuntime
    {
        get
        {
            string provided = Path.Combine(SharedModels.Repository, "artifacts", "onnxruntime.props");
            return File.Exists(provided) ? Property(provided, "OnnxRuntimeVersion") : LowestOnnxRuntime;
        }
    }

    private static string Property(string name) => Property(Path.Combine(SharedModels.Repository, "Directory.Build.props"), name);

    private static string Property(string file, string name) => XDocument.Load(file).Descendants(name).Single().Value;
}
