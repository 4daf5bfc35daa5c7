using System.IO;
using Cleave.Core.Diagnostics;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Cleave.Build;

/// <summary>Reports files that the targets found to break a rule; its message takes the file and the project.</summary>
[MSBuildMultiThreadableTask]
public sealed class ReportFiles : Task
{
    /// <summary>The rule's id.</summary>
    [Required]
    public string Rule { get; set; } = "";

    /// <summary>The files, as the project spells their paths.</summary>
    [Required]
    public ITaskItem[] Files { get; set; } = [];

    /// <summary>The absolute path of the project file.</summary>
    [Required]
    public string ProjectFile { get; set; } = "";

    public override bool Execute()
    {
        string folder = Path.GetDirectoryName(ProjectFile)!;
        Rule rule = Rules.Find(Rule)!;
        foreach (ITaskItem item in Files)
        {
            string file = ProjectPaths.Absolute(folder, item.ItemSpec);
            Log.Report(rule, file, 0, ProjectPaths.Relative(folder, file), Path.GetFileName(ProjectFile));
        }
        return !Log.HasLoggedErrors;
    }
}
