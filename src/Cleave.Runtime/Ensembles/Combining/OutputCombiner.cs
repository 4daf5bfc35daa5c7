using System;
using Cleave.Core.Graph;
using Cleave.Elements;
using Cleave.Generated;

namespace Cleave.Ensembles.Combining;

/// <summary>
/// Makes one output of those of the members, as they come. What members give may come in parts (<c>at</c>), which are whole samples. Parts that do not overlap
/// may be added at once, the same part by one thread at a time.
/// </summary>
internal abstract class OutputCombiner
{
    /// <summary>What is written at the end.</summary>
    public abstract OutputSlot Result { get; }

    /// <summary>Memory that it holds beside the result's.</summary>
    public virtual long ByteLength => 0;

    /// <summary>How many dimensions the members' outputs must have.</summary>
    /// <param name="isInParts">Whether they come in parts.</param>
    public virtual int LeastRank(bool isInParts) => 0;

    /// <summary>Begins a request whose members give outputs of this shape.</summary>
    public abstract void Begin(int[] shape);

    /// <summary>Adds a member's output, or a part of it: from element <paramref name="at"/> on.</summary>
    public abstract void Add(int member, OutputSlot output, int at);

    /// <summary>Writes the result, once everything was added.</summary>
    public abstract void Finish();

    /// <summary>The combiner for an output; null for a rule of the application.</summary>
    public static OutputCombiner? Of(EnsembleOutput output, ElementType type, int members)
    {
        string name = output.Value.Name;
        return output.Rule switch
        {
            CombinationRule.Custom => null,
            CombinationRule.Stack => output.Value.Element.NewStack(name, members),
            CombinationRule.Mean or CombinationRule.WeightedMean => type switch
            {
                ElementType.Float => new MeanCombiner<float>(name, output.Weights, members),
                ElementType.Double => new MeanCombiner<double>(name, output.Weights, members),
                ElementType.Float16 => new MeanCombiner<Half>(name, output.Weights, members),
                _ => throw Unfit(output, type),
            },
            CombinationRule.SoftVote => type switch
            {
                ElementType.Float => new SoftVoteCombiner<float>(name, output.Weights, members),
                ElementType.Double => new SoftVoteCombiner<double>(name, output.Weights, members),
                ElementType.Float16 => new SoftVoteCombiner<Half>(name, output.Weights, members),
                _ => throw Unfit(output, type),
            },
            CombinationRule.MajorityVote => type switch
            {
                ElementType.Float => new ScoreVoteCombiner<float>(name, output.Weights, members),
                ElementType.Double => new ScoreVoteCombiner<double>(name, output.Weights, members),
                ElementType.Float16 => new ScoreVoteCombiner<Half>(name, output.Weights, members),
                ElementType.Int8 => new LabelVoteCombiner<sbyte>(name, output.Weights, members),
                ElementType.UInt8 => new LabelVoteCombiner<byte>(name, output.Weights, members),
                ElementType.Int16 => new LabelVoteCombiner<short>(name, output.Weights, members),
                ElementType.UInt16 => new LabelVoteCombiner<ushort>(name, output.Weights, members),
                ElementType.Int32 => new LabelVoteCombiner<int>(name, output.Weights, members),
                ElementType.UInt32 => new LabelVoteCombiner<uint>(name, output.Weights, members),
                ElementType.Int64 => new LabelVoteCombiner<long>(name, output.Weights, members),
                ElementType.UInt64 => new LabelVoteCombiner<ulong>(name, output.Weights, members),
                ElementType.Bool => new LabelVoteCombiner<bool>(name, output.Weights, members),
                _ => throw Unfit(output, type),
            },
            CombinationRule.Max => type switch
            {
                ElementType.Float => new MaxCombiner<float>(name),
                ElementType.Double => new MaxCombiner<double>(name),
                ElementType.Float16 => new MaxCombiner<Half>(name),
                ElementType.Int8 => new MaxCombiner<sbyte>(name),
                ElementType.UInt8 => new MaxCombiner<byte>(name),
                ElementType.Int16 => new MaxCombiner<short>(name),
                ElementType.UInt16 => new MaxCombiner<ushort>(name),
                ElementType.Int32 => new MaxCombiner<int>(name),
                ElementType.UInt32 => new MaxCombiner<uint>(name),
                ElementType.Int64 => new MaxCombiner<long>(name),
                ElementType.UInt64 => new MaxCombiner<ulong>(name),
                _ => throw Unfit(output, type),
            },
            _ => throw Unfit(output, type),
        };
    }

    private static ArgumentException Unfit(EnsembleOutput output, ElementType type) =>
        new("The output '" + output.Value.Name + "' of type " + type.Word() + " cannot be combined by " + output.Rule + ".", nameof(output));
}

/// <summary>A combiner of outputs whose elements are <typeparamref name="TIn"/> into one of <typeparamref name="TOut"/>.</summary>
internal abstract class OutputCombiner<TIn, TOut>(string name) : OutputCombiner
{
    private readonly CombinedOutput<TOut> _result = new(name);

    public override OutputSlot Result => _result;

    /// <summary>The result, to be written.</summary>
    protected CombinedOutput<TOut> Target => _result;

    public override void Add(int member, OutputSlot output, int at) => Add(member, ((OutputSlot<TIn>)output).Span, at);

    /// <summary>The same of the elements.</summary>
    public abstract void Add(int member, ReadOnlySpan<TIn> output, int at);

    /// <summary>The number of elements of a shape.</summary>
    protected static int Length(ReadOnlySpan<int> shape)
    {
        int length = 1;
        foreach (int size in shape)
            length = checked(length * size);
        return length;
    }
}
