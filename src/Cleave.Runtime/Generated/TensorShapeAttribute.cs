using System;
using System.Collections.Generic;
using System.ComponentModel;

namespace Cleave.Generated;

/// <summary>
/// The shape of an input in generated code, for the analyzer that compares arrays with it: numbers, and names of the
/// constructor's parameters.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class TensorShapeAttribute(params object[] dimensions) : Attribute
{
    /// <summary>The dimensions: <see cref="int"/> or <see cref="string"/> each.</summary>
    public IReadOnlyList<object> Dimensions => dimensions;
}
