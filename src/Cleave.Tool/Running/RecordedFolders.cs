using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Tool.Golden;

namespace Cleave.Tool.Running;

/// <summary>Where recorded inputs of a model lie beside it: <c>&lt;model&gt;.recorded</c>, as runners and <c>--inputs</c> have them, and what <c>cleave golden</c> recorded.</summary>
internal static class RecordedFolders
{
    public const string Ending = ".recorded";

    /// <summary>Those that are there, of a model in 8 bits and of the one that it was made of.</summary>
    public static IReadOnlyList<string> Of(string quantised, string source) =>
        [.. new[] { quantised, source }.SelectMany(static m => new[] { m + Ending, GoldenSets.FolderOf(m) }).Where(Directory.Exists)];
}
