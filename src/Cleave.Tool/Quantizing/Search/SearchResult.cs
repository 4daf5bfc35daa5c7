using System.Collections.Generic;
using Cleave.OnnxProto;
using Cleave.Tool.Quantizing.Forms;
using Cleave.Tool.Quantizing.Operators;

namespace Cleave.Tool.Quantizing.Search;

/// <summary>What was found of an operator.</summary>
/// <param name="Operator">Which.</param>
/// <param name="Error">The error of the outputs where it alone is in 8 bits; null where it was not tried.</param>
/// <param name="Floats">Nanoseconds of it alone, in floats.</param>
/// <param name="Bytes">And in 8 bits.</param>
/// <param name="WhyNot">Why it stays in floats; null where it does not.</param>
internal sealed record OperatorChoice(QuantizableOperator Operator, double? Error, double Floats, double Bytes, string? WhyNot);

/// <param name="Operators">How many operators are in 8 bits.</param>
/// <param name="Error">The error on the worst input.</param>
/// <param name="Nanoseconds">Of a run, shortly measured.</param>
internal sealed record CurvePoint(int Operators, double Error, double Nanoseconds);

/// <summary>The fastest choice of operators within the budget that a search found.</summary>
/// <param name="Form">How they are written.</param>
/// <param name="Operators">All that were looked at.</param>
/// <param name="Chosen">Those in 8 bits, the cheapest error first.</param>
/// <param name="Model">The model with them in 8 bits; null where none fits the budget.</param>
/// <param name="Trial">What it gives; null where none fits.</param>
/// <param name="Curve">Every trial on the way of the whole model with some operators in this form.</param>
internal sealed record SearchResult(
    IQuantizedForm Form, IReadOnlyList<OperatorChoice> Operators, IReadOnlyList<QuantizableOperator> Chosen, ModelProto? Model, TriedModel? Trial, IReadOnlyList<CurvePoint> Curve);
