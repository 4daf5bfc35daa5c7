using System;
using Cleave.Core.Cost;

namespace Cleave.Core.Placement;

/// <summary>
/// Predicts what a group takes on an accelerator: its kernels at least, and beyond that whatever is slower of arithmetic and memory (a roofline). A recurrent
/// layer multiplies all its inputs at once, and then goes step by step: each reads the recurrent weights, from the cache where they fit into it.
/// </summary>
internal static class AcceleratorCost
{
    private const double BytesOfFloat = 4;

    /// <summary>Nanoseconds.</summary>
    public static double Time(AcceleratorProfile profile, GroupWork group)
    {
        double kernels = 0, arithmetic = 0, steps = 0, recurrentBytes = 0;
        foreach (Work work in group.Works)
        {
            if (work.Kernel is "lstm" or "gru")
            {
                steps += Steps(profile, work);
                arithmetic += Amount(work, work.Sizes[2]) / profile.Arithmetic;
                recurrentBytes += RecurrentWeights(work);
            }
            else
            {
                arithmetic += IsProduct(work) ? work.Amount / profile.Arithmetic : 0;
            }
            kernels += profile.Kernel;
        }
        double memory = Math.Max(0, group.BytesRead + group.BytesWritten - recurrentBytes) / profile.Bandwidth;
        return kernels + steps + Math.Max(arithmetic, memory);
    }

    /// <summary>Bytes that a group takes while it runs, beside what it reads and writes: the gates of all steps of a recurrent layer.</summary>
    public static double Workspace(GroupWork group)
    {
        double bytes = 0;
        foreach (Work work in group.Works)
        {
            if (work.Kernel is "lstm" or "gru")
                bytes = Math.Max(bytes, work.Sizes[0] * work.Sizes[1] * Gates(work) * work.Sizes[3] * BytesOfFloat);
        }
        return bytes;
    }

    private static double Steps(AcceleratorProfile profile, Work work)
    {
        double weights = RecurrentWeights(work) / work.Times;
        double read = weights / (weights <= profile.Cache ? profile.CacheBandwidth : profile.Bandwidth);
        double arithmetic = Amount(work, work.Sizes[3]) / work.Sizes[0] / work.Times / profile.Arithmetic;
        return work.Times * work.Sizes[0] * Math.Max(profile.StepKernels * profile.Kernel, Math.Max(read, arithmetic));
    }

    // Multiplications and additions of all steps with that many values each.
    private static double Amount(Work work, double values) => work.Times * work.Sizes[0] * work.Sizes[1] * values * Gates(work) * work.Sizes[3];

    private static double RecurrentWeights(Work work) => work.Times * Gates(work) * work.Sizes[3] * work.Sizes[3] * BytesOfFloat;

    // 4 of an LSTM, 3 of a GRU, 1 of an RNN, which the CPU's model costs as a GRU: its weights say it.
    private static double Gates(Work work) => Math.Round(work.Weights / (work.Times * work.Sizes[3] * (work.Sizes[2] + work.Sizes[3]) * BytesOfFloat));

    // What is not a product moves more bytes than it computes.
    private static bool IsProduct(Work work) => work.Kernel.StartsWith("conv", StringComparison.Ordinal) || work.Kernel.StartsWith("gemm", StringComparison.Ordinal) || work.Kernel == "matmul";
}
