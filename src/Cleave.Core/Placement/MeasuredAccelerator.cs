using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Tuning;

namespace Cleave.Core.Placement;

/// <summary>The profile that a build plans with, of those that a tuning file holds.</summary>
internal static class MeasuredAccelerator
{
    /// <summary>
    /// Of several machines' accelerators the one that computes least: what is placed there pays on the others, too. Whether the model has changed since says nothing about the accelerator.
    /// </summary>
    /// <returns>Its lines; none where no accelerator was measured.</returns>
    /// <exception cref="FormatException">A profile is damaged.</exception>
    public static IReadOnlyList<string> Of(TuningFile file) => file.Sections.Where(s => s.Accelerator.Count > 0)
        .Select(s => (Lines: s.Accelerator, Profile: AcceleratorProfileText.Of(s.Accelerator))).OrderBy(s => s.Profile.Arithmetic).Select(s => s.Lines).FirstOrDefault() ?? [];
}
