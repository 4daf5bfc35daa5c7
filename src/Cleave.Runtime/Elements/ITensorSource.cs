using Microsoft.ML.OnnxRuntime;

namespace Cleave.Elements;

/// <summary>Where a segment finds a value that it reads.</summary>
internal interface ITensorSource
{
    string Name { get; }

    /// <summary>The value, once it is there.</summary>
    OrtValue Tensor { get; }

    /// <summary>Whether it lies in the same memory in every run.</summary>
    bool IsFixed { get; }

    /// <summary>A segment has read it.</summary>
    void Release();
}
