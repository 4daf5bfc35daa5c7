using System;
using System.Runtime.InteropServices;
using Cleave.Ensembles.Combining;
using Cleave.Ensembles.Serving;

namespace Cleave.Emulator;

/// <summary>A request of rows of numbers: inputs that lie in the caller's memory, and one combiner for each output. Members read and are combined at once, row by row.</summary>
internal sealed class TensorRequest : EnsembleRequest
{
    // Members that are at one segment at the same time begin at different parts of it, and so seldom wait for each other.
    private const int BlocksOfSegment = 4;

    private readonly ReadOnlyMemory<float>[] _inputs;
    private readonly OutputCombiner<float, float>[] _combiners;
    private readonly int[] _widths;
    private readonly int _block;
    private readonly object[] _locks;

    /// <param name="samples">The rows.</param>
    /// <param name="inputs">Each of as many rows.</param>
    /// <param name="outputs">The combiner of each output, and the elements of a row of it.</param>
    /// <param name="segment">Rows of a segment.</param>
    public TensorRequest(int samples, ReadOnlyMemory<float>[] inputs, (OutputCombiner<float, float> Combiner, int Width)[] outputs, int segment)
        : base(samples)
    {
        _inputs = inputs;
        _block = Math.Max(1, segment / BlocksOfSegment);
        _combiners = Array.ConvertAll(outputs, static o => o.Combiner);
        _widths = Array.ConvertAll(outputs, static o => o.Width);
        _locks = new object[(samples + _block - 1) / _block];
        for (int i = 0; i < _locks.Length; i++)
            _locks[i] = new object();
        for (int o = 0; o < outputs.Length; o++)
            _combiners[o].Begin([samples, _widths[o]]);
    }

    /// <summary>Rows of an input.</summary>
    public ReadOnlySpan<byte> Input(int input, int at, int count)
    {
        int width = _inputs[input].Length / Math.Max(1, Samples);
        return MemoryMarshal.AsBytes(_inputs[input].Span.Slice(at * width, count * width));
    }

    /// <summary>Adds rows of an output of a member.</summary>
    public void Add(int member, int output, int at, ReadOnlySpan<float> rows)
    {
        int width = _widths[output];
        if (rows.IsEmpty)
            return;
        int end = at + (rows.Length / width), first = at / _block, blocks = ((end - 1) / _block) - first + 1;
        for (int i = 0; i < blocks; i++)
        {
            int block = first + ((member + i) % blocks), from = Math.Max(at, block * _block), to = Math.Min(end, (block + 1) * _block);
            // Two members never add to one at once.
            lock (_locks[block])
                _combiners[output].Add(member, rows.Slice((from - at) * width, (to - from) * width), from * width);
        }
    }

    protected override void Finish()
    {
        foreach (OutputCombiner<float, float> combiner in _combiners)
            combiner.Finish();
    }
}
