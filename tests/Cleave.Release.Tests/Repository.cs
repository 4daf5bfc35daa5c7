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

    private static string Property(string name) =>
        XDocument.Load(Path.Combine(SharedModels.Repository, "Directory.Build.props")).Descendants(name).Single().Value;
}
