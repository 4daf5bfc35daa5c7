using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Batch;

/// <summary>What helps a model that has no batch axis.</summary>
internal static class BatchAdvice
{
    private const string Frees = "where the first dimension is the batch, cleave fix --dynamic-batch frees it";
    private const string Useless = "cleave fix does not change that: its --dynamic-batch frees first dimensions that are fixed numbers";

    /// <summary>Why there is none, and what <c>cleave fix</c> can do. Text from the model is in it.</summary>
    public static string Words(BatchProof proof, IEnumerable<ValueInfo> inputs) => proof.Reason + "; " + (MayBeFreed(inputs) ? Frees : Useless);

    /// <summary>The same, with nothing said of <c>cleave fix</c> where it does not help.</summary>
    public static string ShortWords(BatchProof proof, IEnumerable<ValueInfo> inputs) => MayBeFreed(inputs) ? Words(proof, inputs) : proof.Reason;

    // Whether every input has a first dimension that is a number.
    private static bool MayBeFreed(IEnumerable<ValueInfo> inputs)
    {
        bool isAny = false;
        foreach (ValueInfo input in inputs)
        {
            isAny = true;
            if (input.Type is not OnnxType.Tensor { Shape: [{ Value: >= 1 }, ..] })
                return false;
        }
        return isAny;
    }
}
