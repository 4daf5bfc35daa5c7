using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Calls;
using Cleave.Core.Graph;
using Cleave.Elements;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.Sessions;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Cleave.Prepared.Making;

/// <summary>A sample of what a plan is run with: what each of its segments reads then.</summary>
/// <param name="Seed">Tells samples of the same dimensions apart.</param>
/// <param name="BySegment">The requests to its segments.</param>
internal sealed record PreparedSample(int Seed, IReadOnlyList<Probe> BySegment);

/// <summary>
/// Finds dimensions that a plan runs with: the smallest, those that it was planned for, and larger ones. What its segments read is measured by running the plain ones in turn.
/// </summary>
/// <param name="factory">Makes the sessions.</param>
/// <param name="definition">The model.</param>
/// <param name="outline">The plan.</param>
/// <param name="how">How it is done.</param>
internal sealed class PlanSamples(SessionFactory factory, ModelDefinition definition, PlanOutline outline, PreparationOptions how)
{
    /// <summary>So many are compared.</summary>
    public const int Wanted = 3;

    // Whole numbers that are so few may be a shape or a place: made-up ones would be refused.
    private const int FewIntegers = 64;

    // Images must often be multiples of 32, and not too small.
    private static readonly int[] Sizes = [1, 2, 3, 4, 5, 8, 16, 24, 32, 48, 64, 96, 128, 160, 192, 224, 256, 320, 384, 480, 512, 640];

    private readonly ShapeTable _shapes = new(definition, outline.Results);

    /// <exception cref="NotPreparableException">It runs with none that can be made up.</exception>
    /// <exception cref="CleaveException">The model's file changed, or ONNX Runtime refuses a segment.</exception>
    /// <exception cref="TimeoutException">It runs with none in time, here and now.</exception>
    /// <exception cref="OnnxRuntimeException">It runs with none, for lack of memory.</exception>
    /// <exception cref="OutOfMemoryException">The same.</exception>
    public IReadOnlyList<PreparedSample> Find()
    {
        if (_shapes.InputsOfUnknownRank > 0)
            throw new NotPreparableException("an input may have any number of dimensions");
        SegmentSession[] sessions = [];
        try
        {
            foreach (Segment segment in outline.Plan.Segments)
            {
                sessions = [.. sessions, factory.CreatePlain(segment, 1, static _ => { })];
                how.AtHolding("session of a sample created");
            }
            return Find(sessions);
        }
        finally
        {
            foreach (SegmentSession session in sessions)
                session.Dispose();
        }
    }

    private List<PreparedSample> Find(SegmentSession[] sessions)
    {
        List<PreparedSample> found = [];
        List<int[]> tooMuch = [];
        Exception? passing = null;
        string why = "";
        foreach (int[] dims in Candidates().TakeWhile(_ => found.Count < Wanted))
        {
            // Larger ones take no less.
            if (tooMuch.Exists(t => t.Zip(dims).All(static d => d.First <= d.Second)))
                continue;
            try
            {
                if (Run(sessions, dims, out why) is { } probes)
                    found.Add(new PreparedSample(0, probes));
            }
            catch (Exception e) when (PassingTrouble.Is(e))
            {
                // Of the model it says nothing: another time there may be room for it.
                tooMuch.Add(dims);
                passing = e;
            }
            how.AtHolding("one sample tried");
        }
        if (found.Count == 0)
            throw passing ?? new NotPreparableException("it runs with no input that was made up: " + why);
        // Where there are no more dimensions there are other elements.
        for (int seed = 1; found.Count < Wanted; seed++)
            found.Add(found[0] with { Seed = seed });
        return found;
    }

    // Rising, but the planned one comes after the smallest; each once.
    private IEnumerable<int[]> Candidates()
    {
        int symbols = _shapes.Symbols;
        int batch = _shapes.BatchOf(definition);
        int[] planned = _shapes.PlannedSizes(definition);
        List<int[]> all = [.. Sizes.Select(size => Of((i, _) => i == batch ? 1 : size))];
        all.InsertRange(1, [planned, Of((i, size) => i == batch ? 2 : size)]);
        return all.Distinct(DimensionsComparer.Instance);

        int[] Of(Func<int, int, int> size) => [.. Enumerable.Range(0, symbols).Select(i => size(i, planned[i]))];
    }

    // Null where a segment refuses it; what may go another time is thrown.
    private Probe[]? Run(SegmentSession[] sessions, int[] dims, out string why)
    {
        List<IDisposable> made = [];
        OrtValue?[] results = new OrtValue?[outline.Results.Length];
        Probe[] probes = new Probe[sessions.Length];
        using RunOptions options = new();
        using CancellationTokenSource ending = new(how.ProbeLimit);
        why = "";
        try
        {
            using CancellationTokenRegistration end = ending.Token.UnsafeRegister(static options => ((RunOptions)options!).Terminate = true, options);
            List<int> waiting = [.. Enumerable.Range(0, sessions.Length)];
            while (waiting.Count > 0)
            {
                int ready = waiting.Find(s => outline.Reads[s].All(r => r < 0 || results[r] != null));
                waiting.Remove(ready);
                RunSegment(ready);
            }
            return ending.IsCancellationRequested ? throw TooLong() : probes;
        }
        catch (OnnxRuntimeException) when (ending.IsCancellationRequested)
        {
            throw TooLong();
        }
        catch (Exception e) when (e is OnnxRuntimeException or OverflowException or ArgumentException && !PassingTrouble.Is(e))
        {
            why = e.Message;
            return null;
        }
        finally
        {
            foreach (IDisposable value in made)
                value.Dispose();
        }

        void RunSegment(int segment)
        {
            Segment described = outline.Plan.Segments[segment];
            List<ProbeInput> inputs = [];
            List<OrtValue> values = [];
            for (int i = 0; i < described.Reads.Length; i++)
            {
                int source = outline.Reads[segment][i];
                Value read = described.Reads[i];
                if (source >= 0)
                {
                    inputs.Add(Measured(read, results[source]!));
                    values.Add(results[source]!);
                    continue;
                }
                ProbeInput input = new(read.Name, read.Element.Type, _shapes.InputShape(~source, dims), null);
                InputSlot slot = Probe.Slot(input, seed: 0);
                made.Add(slot);
                inputs.Add(input);
                values.Add(slot.Tensor);
            }
            probes[segment] = new Probe(inputs);
            IDisposableReadOnlyCollection<OrtValue> written = sessions[segment].Session.Run(
                options, [.. described.Reads.Select(static v => v.Name)], values, [.. described.Writes.Select(static v => v.Name)]);
            made.Add(written);
            for (int i = 0; i < written.Count; i++)
                results[outline.Writes[segment][i]] = written[i];
        }
    }

    private TimeoutException TooLong() => new("a request that was made up took longer than " + how.ProbeLimit);

    private static ProbeInput Measured(Value read, OrtValue value)
    {
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        long[]? integers = info.ElementCount > FewIntegers ? null : info.ElementDataType switch
        {
            TensorElementType.Int64 => value.GetTensorDataAsSpan<long>().ToArray(),
            TensorElementType.Int32 => Array.ConvertAll(value.GetTensorDataAsSpan<int>().ToArray(), static i => (long)i),
            TensorElementType.Bool => Array.ConvertAll(value.GetTensorDataAsSpan<bool>().ToArray(), static b => b ? 1L : 0),
            _ => null,
        };
        // Between segments that are widened it is another one than the model's.
        return new ProbeInput(read.Name, (ElementType)(int)info.ElementDataType, Array.ConvertAll(info.Shape, static d => checked((int)d)), integers);
    }
}
