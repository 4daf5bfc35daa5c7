using System;

namespace Cleave.Tool.Quantizing.Ranges;

/// <summary>Between which numbers the elements of a value lie, 0 always among them.</summary>
internal readonly record struct ActivationRange(float Low, float High)
{
    private const int Steps = 255;

    /// <summary>One step of a byte.</summary>
    public float Scale => High - Low is > 0 and float width ? width / Steps : 1;

    /// <summary>The byte that stands for 0; the lowest where nothing is negative, so that a Relu before it vanishes in ONNX Runtime.</summary>
    public byte Zero => (byte)Math.Clamp(MathF.Round(-Low / Scale), 0, Steps);
}
