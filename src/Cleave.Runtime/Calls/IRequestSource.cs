using Cleave.Generated;

namespace Cleave.Calls;

/// <summary>What an input is bound for: a model, or an ensemble. Thread-safe.</summary>
internal interface IRequestSource
{
    string Name { get; }

    /// <summary>The shapes of the inputs.</summary>
    ShapeTable Shapes { get; }

    /// <summary>Buffers for these dimensions; the array may be kept.</summary>
    RequestBuffers Rent(int[] dims);
}
