using System;
using System.Collections.Generic;
using System.IO;
using Cleave.Sources;

namespace Cleave.Prepared;

/// <summary>Where prepared models of a runner are sought, in this order.</summary>
/// <param name="Asked">The folder that the application or its environment names; null: none.</param>
/// <param name="Beside">The folder beside the model, which is only ever read; null for a model in memory.</param>
internal sealed record PreparedFolders(string? Asked, string? Beside)
{
    public const string Variable = "CLEAVE_PREPARED";

    /// <summary>The name of the folder beside a model.</summary>
    public const string BesideName = "prepared";

    /// <summary>All that there are.</summary>
    public IEnumerable<string> All
    {
        get
        {
            if (Asked != null)
                yield return Asked;
            if (Beside != null && Beside != Asked)
                yield return Beside;
        }
    }

    public static PreparedFolders Of(RunnerOptions options, OpenedModel model) => Of(options.Prepared, Environment.GetEnvironmentVariable(Variable), model.Path);

    /// <param name="option">What the application or the model's item says, below the application's folder where it is relative; empty: none, whatever the environment says.</param>
    /// <param name="variable">What the environment says; not for a model in memory: it may have been decrypted, and only its code knows whether it may lie on a disk.</param>
    /// <param name="model">The model's file; null for one in memory.</param>
    public static PreparedFolders Of(string? option, string? variable, string? model)
    {
        string? named = option is null ? (model is null ? null : variable) : Path.Combine(AppContext.BaseDirectory, option);
        string? asked = string.IsNullOrWhiteSpace(option ?? named) ? null : Path.GetFullPath(named!);
        string? beside = model is null ? null : Path.Combine(Path.GetDirectoryName(model)!, BesideName);
        return new PreparedFolders(asked, beside != null && Directory.Exists(beside) ? beside : null);
    }
}
