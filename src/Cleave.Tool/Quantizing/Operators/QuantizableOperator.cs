namespace Cleave.Tool.Quantizing.Operators;

/// <summary>An operator with constant weights, which can be computed in 8 bits.</summary>
/// <param name="Node">Its name, which no other node has.</param>
/// <param name="Type">MatMul, Gemm, Conv or LSTM.</param>
/// <param name="Input">The value that it reads beside its weights.</param>
/// <param name="Weight">The initializer of its weights.</param>
/// <param name="Dims">Its shape.</param>
/// <param name="Channel">The axis of the weights along which each output channel has its own scale.</param>
/// <param name="Bias">The initializer that is added to the result; null where there is none.</param>
internal sealed record QuantizableOperator(string Node, string Type, string Input, string Weight, long[] Dims, int Channel, string? Bias)
{
    /// <summary>The value that it writes.</summary>
    public required string Output { get; init; }

    /// <summary>Of an LSTM: the initializer of the weights that its state is multiplied with; else null.</summary>
    public string? Recurrent { get; init; }

    /// <summary>Whether it may take the scale of its input from each request; a Conv is only as fast where the scale is known before.</summary>
    public bool HasDynamicForm => Type != "Conv";

    /// <summary>Whether it is a product of a matrix that is constant.</summary>
    public bool IsProduct => Type is "MatMul" or "Gemm";
}
