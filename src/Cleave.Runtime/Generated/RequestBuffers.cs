using System;
using System.ComponentModel;
using System.Threading;
using Cleave.Elements;

namespace Cleave.Generated;

/// <summary>The inputs and outputs of one request: of a model, or of an ensemble. Passed on by generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class RequestBuffers
{
    private readonly string _name;
    private OutputSlot[] _outputs = [];
    private int _generation;

    private protected RequestBuffers(string name, int[] dims, InputSlot[] inputs)
    {
        _name = name;
        Dims = dims;
        Inputs = inputs;
    }

    /// <summary>The dimensions that they are for.</summary>
    internal int[] Dims { get; }

    internal InputSlot[] Inputs { get; }

    internal OutputSlot[] Outputs
    {
        get => _outputs;
        private protected set
        {
            _outputs = value;
            foreach (OutputSlot output in value)
                output.Owner = this;
        }
    }

    /// <summary>How often they were given back.</summary>
    internal int Generation => Volatile.Read(ref _generation);

    /// <summary>Memory that they hold; does not change while nothing runs.</summary>
    internal virtual long ByteLength
    {
        get
        {
            long bytes = 0;
            foreach (InputSlot input in Inputs)
                bytes += input.ByteLength;
            foreach (OutputSlot output in Outputs)
                bytes += output.ByteLength;
            return bytes;
        }
    }

    /// <summary>What the pool counts for them while they are idle there.</summary>
    internal long IdleBytes { get; set; }

    /// <summary>Whether the outputs are those of a run.</summary>
    private protected bool HasResult { get; set; }

    /// <summary>Gives them back to the pool, once for each time they were rented.</summary>
    internal bool Release(int generation)
    {
        bool isLast = TryEnd(generation);
        if (isLast)
            GiveBack();
        return isLast;
    }

    /// <summary>Throws where the outputs of <paramref name="generation"/> may no longer, or not yet, be read.</summary>
    internal void CheckReadable(int generation)
    {
        if (Generation != generation)
            throw new ObjectDisposedException(_name, "The output of '" + _name + "' was disposed; its memory belongs to another request.");
        if (!HasResult)
            throw new InvalidOperationException("There is no output of '" + _name + "': nothing ran yet, or the last run failed.");
    }

    /// <summary>Frees the tensors. The memory itself is the garbage collector's.</summary>
    internal abstract void Free();

    /// <summary>True for the one caller that ends a generation.</summary>
    private protected bool TryEnd(int generation) => Interlocked.CompareExchange(ref _generation, generation + 1, generation) == generation;

    /// <summary>Gives them back to the pool.</summary>
    private protected abstract void GiveBack();

    /// <summary>Strings of a request are not kept for the next one.</summary>
    private protected void ForgetTexts()
    {
        foreach (InputSlot input in Inputs)
            input.Forget();
        foreach (OutputSlot output in Outputs)
            output.Forget();
    }
}
