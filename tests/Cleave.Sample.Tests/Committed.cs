using Cleave.TestKit;

namespace Cleave.Sample.Tests;

/// <summary>The files that come with the application.</summary>
internal static class Committed
{
    public static byte[] Model(string name) => File.ReadAllBytes(Path.Combine(Application, "models", name));

    private static string Application => Path.Combine(SharedModels.Repository, "sample-app", "PageReader");

    public static string Image(string name) => Path.Combine(Application, "samples", name);
}
