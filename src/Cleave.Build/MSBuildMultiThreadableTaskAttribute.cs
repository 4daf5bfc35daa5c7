namespace Microsoft.Build.Framework;

/// <summary>
/// Lets <c>dotnet build -mt</c> run the task in the building process. MSBuild finds the attribute by its name, so this
/// one serves, and the task still loads in an MSBuild that has never heard of it. It is a promise: absolute paths only,
/// nothing read from the process's current folder or environment.
/// </summary>
[System.AttributeUsage(System.AttributeTargets.Class)]
internal sealed class MSBuildMultiThreadableTaskAttribute : System.Attribute;
