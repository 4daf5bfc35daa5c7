using System.Runtime.CompilerServices;

namespace Cleave.Core;

/// <summary>For the hot loops of reading and planning: a process reads few models, so they would run as unoptimised code only.</summary>
internal static class JustInTime
{
    /// <summary>MethodImplOptions.AggressiveOptimization, which netstandard2.0 does not name.</summary>
    public const MethodImplOptions Optimized = (MethodImplOptions)512;
}
