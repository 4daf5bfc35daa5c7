using System.IO;
using Cleave.Core.Diagnostics;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Cleave.Build;

/// <summary>Reports that the models could not be validated.</summary>
[MSBuildMultiThreadableTask]
public sealed class ReportValidator : Task
{
    /// <summary>The absolute path of the project file.</summary>
    [Required]
    public string ProjectFile { get; set; } = "";

    [Required]
    public string Reason { get; set; } = "";

    public override bool Execute()
    {
        Log.Report(Rules.ValidatorMissing, ProjectFile, 0, Path.GetFileName(ProjectFile), Reason);
        return false;
    }
}
