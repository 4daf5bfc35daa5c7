using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Elements;
using Cleave.Emulator;
using Cleave.Ensembles.Combining;
using Cleave.Ensembles.Serving;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>An inference system over instances that only multiply.</summary>
public abstract class SystemTestBase
{
    private protected static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private protected static readonly SystemOptions Small = new() { SegmentSize = 16, MostSegments = 4 };

    private protected static ThreadedSystem System(SystemOptions options, params StubInstance[][] members) =>
        new("Vision", [.. members.Select((m, i) => ("m" + i, (IReadOnlyList<IMemberInstance>)m))], options);

    private protected static (TensorRequest Request, Func<float[]> Result) Request(int samples, int members, SystemOptions options)
    {
        MeanCombiner<float> combiner = new("y", [], members);
        float[] rows = [.. Enumerable.Range(0, samples * 2).Select(i => (float)i)];
        return (new TensorRequest(samples, [rows], [(combiner, 2)], options.SegmentSize), () => ((OutputSlot<float>)combiner.Result).Span.ToArray());
    }

    private protected static float[] Expected(int samples, float factor) => [.. Enumerable.Range(0, samples * 2).Select(i => i * factor)];

    private protected static void ThrowIf(bool fails)
    {
        if (fails)
            throw new InvalidOperationException("no");
    }
}
