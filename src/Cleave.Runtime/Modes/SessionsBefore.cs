using System.Collections.Generic;
using Cleave.Cores;
using Cleave.Sessions;

namespace Cleave.Modes;

/// <summary>What the sessions of an engine leave to those that take their place.</summary>
/// <param name="Processors">Their processors, each to be had once; empty: others than those of any runner.</param>
/// <param name="Memory">What they take, where nobody asked for others; null: somebody did, or there are none.</param>
internal sealed record SessionsBefore(List<ProcessorLease> Processors, MemoryLimit? Memory);
