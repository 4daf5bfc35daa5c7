namespace Cleave.Generator;

/// <summary>Names of the pipeline's stages, for tests that watch what is computed again.</summary>
internal static class TrackingNames
{
    public const string Project = nameof(Project);
    public const string Files = nameof(Files);
    public const string Models = nameof(Models);
    public const string Specs = nameof(Specs);
    public const string EnsembleFiles = nameof(EnsembleFiles);
    public const string Ensembles = nameof(Ensembles);
    public const string EnsembleRunners = nameof(EnsembleRunners);
    public const string Names = nameof(Names);
    public const string Runners = nameof(Runners);
    public const string Problems = nameof(Problems);
    public const string Clashes = nameof(Clashes);
    public const string Notes = nameof(Notes);
}
