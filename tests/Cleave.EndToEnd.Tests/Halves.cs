using System;
using Xunit;

namespace Cleave.EndToEnd.Tests;

/// <summary>What the tests of one half hold while they run. xunit runs collections side by side, and a build leaves a core idle.</summary>
public sealed class PackedPackagesInUse : IDisposable
{
    public PackedPackages Packages { get; } = PackedPackages.Use();

    public void Dispose() => PackedPackages.EndUse();
}

/// <summary>Projects that build and run, and as many of the other tests as it takes for both halves to end together.</summary>
[CollectionDefinition(Name)]
public sealed class Applications : ICollectionFixture<PackedPackagesInUse>
{
    public const string Name = "applications";
}

/// <summary>What fails a build, and what a build checks.</summary>
[CollectionDefinition(Name)]
public sealed class Checks : ICollectionFixture<PackedPackagesInUse>
{
    public const string Name = "checks";
}
