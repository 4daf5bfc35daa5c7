namespace Cleave.Core.Passes;

/// <summary>What becomes of a node before anything is planned.</summary>
internal enum NodeRole
{
    /// <summary>It runs in every call.</summary>
    Live,

    /// <summary>No output that is wanted depends on it.</summary>
    Dead,

    /// <summary>It gives the same in every call: each segment that reads it has it, and ONNX Runtime folds it there.</summary>
    Constant,

    /// <summary>ONNX Runtime removes it (Identity, Dropout, a Cast to the same type): it runs, but costs nothing.</summary>
    PassThrough,

    /// <summary>
    /// Its numbers follow from the model alone, though it reads what a call gives: arithmetic on fixed dimensions. It is in a
    /// group as any node that runs, but ONNX Runtime folds it where the shapes are fixed, and it costs next to nothing where not.
    /// </summary>
    Foldable,
}
