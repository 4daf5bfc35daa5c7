using Cleave.Elements;
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

    /// <summary>The same where some are idle; null: none are.</summary>
    RequestBuffers? TryRent(int[] dims);

    /// <summary>New buffers for these dimensions, with inputs that are made for them and are theirs from now on. They count as rented.</summary>
    RequestBuffers New(int[] dims, InputSlot[] inputs);
}
