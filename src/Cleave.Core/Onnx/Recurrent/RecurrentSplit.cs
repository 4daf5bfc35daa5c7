namespace Cleave.Core.Onnx.Recurrent;

/// <summary>How one recurrent node is taken apart: its directions, and each into chunks of its steps.</summary>
/// <param name="Node">Its position in the model's list.</param>
/// <param name="Steps">How many steps its input has, whatever is called.</param>
/// <param name="Chunks">How many chunks; 1: only into directions.</param>
internal sealed record RecurrentSplit(int Node, int Steps, int Chunks)
{
    /// <summary>The step that a chunk begins with; that of <see cref="Chunks"/> is the end.</summary>
    public int Start(int chunk) => (int)((long)chunk * Steps / Chunks);
}
