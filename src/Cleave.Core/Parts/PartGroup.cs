using System;

namespace Cleave.Core.Parts;

/// <summary>Parts of equal dimensions.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Most">The most that may run together.</param>
/// <param name="Together">What so many of them take together.</param>
internal sealed record PartGroup(int Count, int Most, Func<int, PartTimes> Together);

/// <summary>Parts of one group that run together, or one that runs alone.</summary>
/// <param name="Group">The group's position.</param>
/// <param name="First">The first one's place in the group.</param>
/// <param name="Count">How many follow each other.</param>
internal readonly record struct PartBatch(int Group, int First, int Count);

/// <summary>What runs together, and how.</summary>
/// <param name="Batches">Each part is in one of them.</param>
/// <param name="Plan">Of the batches.</param>
internal sealed record JobPlan(PartBatch[] Batches, PartPlan Plan);
