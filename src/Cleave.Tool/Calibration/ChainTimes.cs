namespace Cleave.Tool.Calibration;

/// <summary>The shortest times of a short and a long chain of one kernel, in nanoseconds of a call.</summary>
internal sealed class ChainTimes
{
    public const int CopiesOfFew = 2;
    public const int CopiesOfMany = 6;

    public double Few { get; set; } = double.PositiveInfinity;

    public double Many { get; set; } = double.PositiveInfinity;

    /// <summary>One copy.</summary>
    public double One => (Many - Few) / (CopiesOfMany - CopiesOfFew);

    /// <summary>What a call takes beside its copies.</summary>
    public double Rest => Few - (CopiesOfFew * One);
}
