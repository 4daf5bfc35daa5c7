using System;
using System.Collections.Generic;

namespace Cleave.Tool.Tuning;

/// <summary>What <c>cleave tune</c> was asked for.</summary>
/// <param name="Budget">How long it may measure.</param>
/// <param name="Cores">The cores to tune for; null: all that the process may use.</param>
/// <param name="Requests">Sizes of dimensions, one set for each kind of request; none: those that are likely.</param>
/// <param name="Fills">Numbers by input: every element of it is that.</param>
/// <param name="PlanDims">The sizes that the project plans for, as its item metadata <c>Dims</c>.</param>
internal sealed record TuneOptions(
    TimeSpan Budget, int? Cores, IReadOnlyList<IReadOnlyDictionary<string, string>> Requests, IReadOnlyDictionary<string, string> Fills, string PlanDims);
