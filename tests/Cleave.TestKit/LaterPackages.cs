using System.IO;

namespace Cleave.TestKit;

/// <summary>
/// A build of the packages under another version than the repository's. What is compiled for it stays in artifacts/, so
/// that the suites that need such packages compile them once; they give the compiler the same properties.
/// </summary>
public static class LaterPackages
{
    /// <summary>No package of the repository has it.</summary>
    public const string Version = "0.2.0";

    /// <summary>What makes <c>dotnet pack</c> build them. The solution's build has run the analyzers.</summary>
    public static string[] Arguments =>
        ["-c", "Release", "-p:VersionPrefix=" + Version, "-p:RunAnalyzers=false", "-p:ArtifactsPath=" + Path.Combine(SharedModels.Repository, "artifacts", "later")];
}
