using System.IO;
using Cleave.Core.Diagnostics;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Cleave.Build;

/// <summary>Reports models that were added after the others had been listed: too late for a class and for the output.</summary>
[MSBuildMultiThreadableTask]
public sealed class RefuseLateModels : Task
{
    /// <summary>The models, as the project spells their paths.</summary>
    [Required]
    public ITaskItem[] Models { get; set; } = [];

    /// <summary>The absolute path of the project file.</summary>
    [Required]
    public string ProjectFile { get; set; } = "";

    public override bool Execute()
    {
        string folder = Path.GetDirectoryName(ProjectFile)!;
        foreach (ITaskItem model in Models)
        {
            string file = ProjectPaths.Absolute(folder, model.ItemSpec);
            Log.Report(Rules.AddedTooLate, file, 0, ProjectPaths.Relative(folder, file));
        }
        return !Log.HasLoggedErrors;
    }
}
