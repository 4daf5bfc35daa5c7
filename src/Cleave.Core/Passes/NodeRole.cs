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
}
