using System.IO;
using Cleave.Core.Diagnostics;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Cleave.Build;

/// <summary>Reports that the command <c>cleave</c> could not do what the project asks for; the rule's message takes the project and the reason.</summary>
[MSBuildMultiThreadableTask]
public sealed class ReportTool : Task
{
    /// <summary>The rule's id.</summary>
    [Required]
    public string Rule { get; set; } = "";

    /// <summary>The absolute path of the project file.</summary>
    [Required]
    public string ProjectFile { get; set; } = "";

    [Required]
    public string Reason { get; set; } = "";

    public override bool Execute()
    {
        Log.Report(Rules.Find(Rule)!, ProjectFile, 0, Path.GetFileName(ProjectFile), Reason);
        return false;
    }
}
