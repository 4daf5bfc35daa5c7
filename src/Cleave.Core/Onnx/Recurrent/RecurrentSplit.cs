namespace Cleave.Core.Onnx.Recurrent;

/// <summary>How one recurrent node is taken apart: its directions, and each into chunks of its steps.</summary>
/// <param name="Node">Its position in the model's list.</param>
/// <param name="Steps">How many steps its input has, whatever is called.</param>
/// <param name="Chunks">How many chunks; 1: only into directions.</param>
internal sealed record RecurrentSplit(int Node, int Steps, int Chunks)
{
    /// <summary>No node: see <see cref="StateOf"/>.</summary>
    public const int None = -1;

    /// <summary>
    /// The recurrent node, by position, whose input has as many samples as this one's: from it the state before the first step is made as a value, where it is a constant or left out.
    /// Then the first chunk reads what all others do, and one session can run all of them. <see cref="None"/>: the first chunk reads what the node read.
    /// </summary>
    public int StateOf { get; init; } = None;

    /// <summary>The step that a chunk begins with; that of <see cref="Chunks"/> is the end.</summary>
    public int Start(int chunk) => (int)((long)chunk * Steps / Chunks);
}
