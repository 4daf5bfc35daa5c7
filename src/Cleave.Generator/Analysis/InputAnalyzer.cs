using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Generator.Pipeline;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Cleave.Generator.Analysis;

/// <summary>
/// Compares constants in code with the shapes of generated inputs: lengths of arrays, dimensions of constructors. Only
/// what is certain is reported.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class InputAnalyzer : DiagnosticAnalyzer
{
    private const string ShapeAttribute = "Cleave.Generated.TensorShapeAttribute";

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
        ImmutableArray.Create(ReportedProblem.Descriptor(Rules.LengthContradicts), ReportedProblem.Descriptor(Rules.DimensionOutOfRange));

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(start =>
        {
            if (start.Compilation.GetTypeByMetadataName(ShapeAttribute) is not { } attribute)
                return;
            start.RegisterOperationAction(c => Assignment(c, (ISimpleAssignmentOperation)c.Operation, attribute), OperationKind.SimpleAssignment);
            start.RegisterOperationAction(c => Creation(c, (IObjectCreationOperation)c.Operation, attribute), OperationKind.ObjectCreation);
        });
    }

    private static void Assignment(OperationAnalysisContext context, ISimpleAssignmentOperation assignment, INamedTypeSymbol attribute)
    {
        if (assignment.Target is not IPropertyReferenceOperation { Property: { } property }
            || Shape(property, attribute) is not { } shape
            || ConstantLength.Of(assignment.Value) is not { } length)
        {
            return;
        }
        // In an object initializer the constructor's arguments are at hand.
        Dictionary<string, long> dims = assignment.Parent is IObjectOrCollectionInitializerOperation { Parent: IObjectCreationOperation creation } ? Constants(creation) : [];
        if (dims.Values.Any(d => d < 0))
            return;
        long count = 1;
        bool open = false;
        foreach (object dim in shape)
        {
            if (dim is int size)
                count = Multiply(count, size);
            else if (dims.TryGetValue((string)dim, out long given))
                count = Multiply(count, given);
            else
                open = true;
        }
        if (open ? count <= 1 || length % count == 0 : length == count)
            return;
        string wanted = (open ? "a multiple of " : "") + count.ToString(CultureInfo.InvariantCulture);
        Report(context, Rules.LengthContradicts, assignment.Value, Name(property), string.Join(", ", shape), wanted, length.ToString(CultureInfo.InvariantCulture));
    }

    private static void Creation(OperationAnalysisContext context, IObjectCreationOperation creation, INamedTypeSymbol attribute)
    {
        // First what costs nothing: most objects are created without a constant number.
        Dictionary<string, long> dims = Constants(creation);
        if (dims.Count == 0 || creation.Type is not { } type)
            return;
        object[][] shapes = [.. type.GetMembers().OfType<IPropertySymbol>().Select(p => Shape(p, attribute)).Where(s => s is not null).Select(s => s!)];
        if (shapes.Length == 0)
            return;
        foreach (IArgumentOperation argument in creation.Arguments)
        {
            string name = argument.Parameter?.Name ?? "";
            if (!dims.TryGetValue(name, out long given))
                continue;
            string? why = given < 0 ? "dimensions are zero or more"
                : shapes.Any(s => s.Contains(name) && IsTooLarge(s, dims)) ? "an input of that size has more elements than an array can hold"
                : null;
            if (why is not null)
                Report(context, Rules.DimensionOutOfRange, argument.Value, type.Name, name, given.ToString(CultureInfo.InvariantCulture), why);
        }
    }

    // Zero anywhere, also in a dimension that is open, makes it none.
    private static bool IsTooLarge(object[] shape, Dictionary<string, long> dims)
    {
        long count = 1;
        foreach (object dim in shape)
        {
            // A negative one is what is wrong then, and is reported itself.
            if (dim is not int && (!dims.TryGetValue((string)dim, out long given) || given < 0))
                return false;
            count = Multiply(count, dim is int size ? size : dims[(string)dim]);
        }
        return count > int.MaxValue;
    }

    private static Dictionary<string, long> Constants(IObjectCreationOperation creation)
    {
        Dictionary<string, long> constants = [];
        foreach (IArgumentOperation argument in creation.Arguments)
        {
            if (argument.Parameter is { } parameter && argument.Value.ConstantValue is { HasValue: true, Value: int value })
                constants[parameter.Name] = value;
        }
        return constants;
    }

    private static object[]? Shape(IPropertySymbol property, INamedTypeSymbol attribute)
    {
        AttributeData? data = property.GetAttributes().FirstOrDefault(a => SymbolEqualityComparer.Default.Equals(a.AttributeClass, attribute));
        if (data is not { ConstructorArguments: [{ Kind: TypedConstantKind.Array, Values: { } values }] })
            return null;
        object[] shape = [.. values.Select(v => v.Value!)];
        return shape.All(d => d is int or string) ? shape : null;
    }

    private static long Multiply(long a, long b) => a == 0 || b == 0 ? 0 : a > long.MaxValue / b ? long.MaxValue : a * b;

    private static string Name(IPropertySymbol property) => property.ContainingType.Name + "." + property.Name;

    private static void Report(OperationAnalysisContext context, Rule rule, IOperation at, params string[] arguments) =>
        context.ReportDiagnostic(Diagnostic.Create(ReportedProblem.Descriptor(rule), at.Syntax.GetLocation(), [.. arguments]));
}
