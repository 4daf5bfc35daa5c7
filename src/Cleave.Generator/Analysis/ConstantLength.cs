using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Cleave.Generator.Analysis;

/// <summary>The length of an array, where the code alone says it.</summary>
internal static class ConstantLength
{
    /// <summary>The length of what an expression gives; null where that is not certain.</summary>
    public static long? Of(IOperation value)
    {
        while (value is IConversionOperation conversion && KeepsLength(conversion))
            value = conversion.Operand;
        return value switch
        {
            IArrayCreationOperation { DimensionSizes: [{ ConstantValue: { HasValue: true, Value: int size } }] } => size,
            ILocalReferenceOperation local => OfLocal(local),
            _ => null,
        };
    }

    // The user's own conversions may do anything.
    private static bool KeepsLength(IConversionOperation conversion) => conversion.OperatorMethod?.ContainingType is not { } type
        || (type.Name is "Memory" or "ReadOnlyMemory" or "ArraySegment" && type.ContainingNamespace is { Name: "System", ContainingNamespace.IsGlobalNamespace: true });

    // A local that is set where it is declared and nowhere else: an array never changes its length.
    private static long? OfLocal(ILocalReferenceOperation local)
    {
        IOperation root = local;
        while (root.Parent is { } parent)
            root = parent;
        IVariableDeclaratorOperation? declared = null;
        foreach (IOperation operation in root.Descendants())
        {
            if (operation is IVariableDeclaratorOperation declarator && Is(declarator.Symbol))
                declared = declarator;
            else if (operation is ILocalReferenceOperation reference && Is(reference.Local) && IsWritten(reference))
                return null;
        }
        IVariableInitializerOperation? initializer = declared?.Initializer;
        // Only what it is made of itself: a chain of locals is followed no further.
        return initializer is null || initializer.Value.DescendantsAndSelf().Any(o => o is ILocalReferenceOperation) ? null : Of(initializer.Value);

        bool Is(ILocalSymbol symbol) => SymbolEqualityComparer.Default.Equals(symbol, local.Local);
    }

    private static bool IsWritten(ILocalReferenceOperation reference) => reference.Parent switch
    {
        ISimpleAssignmentOperation { IsRef: true } => true,
        IAssignmentOperation assignment => assignment.Target == reference,
        IArgumentOperation argument => argument.Parameter?.RefKind is RefKind.Ref or RefKind.Out,
        IConditionalOperation { IsRef: true } or ITupleOperation or IVariableInitializerOperation { Parent: IVariableDeclaratorOperation { Symbol.RefKind: not RefKind.None } } or IAddressOfOperation => true,
        _ => false,
    };
}
