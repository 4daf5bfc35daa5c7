using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Elements;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Prepared;

/// <summary>An input of a probe: its elements follow from its shape, but for a few whole numbers, which may be a shape themselves.</summary>
/// <param name="Name">The input.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Integers">Its elements; null: made up.</param>
internal sealed record ProbeInput(string Name, ElementType Type, int[] Shape, long[]? Integers);

/// <summary>A request that is the same each time, and what comes out of it to the last bit. Immutable.</summary>
internal sealed record Probe(IReadOnlyList<ProbeInput> Inputs)
{
    /// <summary>The hash of what a session gives: shapes, types and elements of all outputs.</summary>
    /// <param name="session">Runs the segment.</param>
    /// <param name="outputs">The outputs.</param>
    /// <param name="seed">Another number makes up other elements.</param>
    /// <param name="limit">How long it may take; null: however long.</param>
    /// <param name="token">Ends it.</param>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was cancelled.</exception>
    /// <exception cref="TimeoutException">It took longer, and was ended.</exception>
    /// <exception cref="OnnxRuntimeException">The session refuses it.</exception>
    /// <exception cref="NotSupportedException">An output is no tensor.</exception>
    public string Run(InferenceSession session, string[] outputs, int seed = 0, TimeSpan? limit = null, CancellationToken token = default)
    {
        using RunOptions options = new();
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(token);
        List<InputSlot> slots = [];
        long start = Stopwatch.GetTimestamp();
        try
        {
            foreach (ProbeInput input in Inputs)
                slots.Add(Slot(input, seed));
            using CancellationTokenRegistration end = ending.Token.UnsafeRegister(static options => ((RunOptions)options!).Terminate = true, options);
            if (limit is { } most)
                ending.CancelAfter(most);
            using IDisposableReadOnlyCollection<OrtValue> results = session.Run(options, [.. slots.Select(static s => s.Name)], [.. slots.Select(static s => s.Tensor)], outputs);
            // It may have come to its end before it was told to: too long all the same.
            return limit is { } longest && Stopwatch.GetElapsedTime(start) >= longest ? throw TooLong(longest) : Hash(results);
        }
        catch (OnnxRuntimeException) when (token.IsCancellationRequested)
        {
            throw new OperationCanceledException(token);
        }
        // Not by the time that it took: clocks differ, and it may have been told a moment before.
        catch (OnnxRuntimeException) when (limit is { } && ending.IsCancellationRequested)
        {
            throw TooLong(limit.Value);
        }
        finally
        {
            foreach (InputSlot slot in slots)
                slot.Dispose();
        }
    }

    private static TimeoutException TooLong(TimeSpan limit) => new("its recorded request took longer than " + limit);

    /// <summary>An input with its elements, as a tensor.</summary>
    public static InputSlot Slot(ProbeInput input, int seed)
    {
        InputSlot slot = Element.Of(input.Type).NewInput(input.Name, input.Shape, checked((int)input.Shape.Aggregate(1L, static (all, d) => checked(all * d))));
        if (input.Integers is { } integers)
            Put(slot, integers);
        else
            MadeUpInputs.Fill(slot, seed);
        slot.BeforeRun();
        return slot;
    }

    public static string Hash(IEnumerable<OrtValue> values)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (OrtValue value in values)
        {
            if (!value.IsTensor)
                throw new NotSupportedException("an output is no tensor");
            OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
            hash.AppendData(Encoding.UTF8.GetBytes(info.ElementDataType + " " + string.Join(',', info.Shape) + "\n"));
            if (info.ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.String)
                hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\0', value.GetStringTensorAsArray())));
            else if (info.ElementCount > 0)
                hash.AppendData(value.GetTensorMutableRawData());
        }
        return Hashes.Text(hash.GetHashAndReset());
    }

    private static void Put(InputSlot slot, long[] integers)
    {
        switch (slot)
        {
            case InputSlot<long> longs:
                integers.CopyTo(longs.Span);
                break;
            case InputSlot<int> ints:
                for (int i = 0; i < integers.Length; i++)
                    ints.Span[i] = checked((int)integers[i]);
                break;
            case InputSlot<bool> truths:
                for (int i = 0; i < integers.Length; i++)
                    truths.Span[i] = integers[i] != 0;
                break;
            default:
                throw new NotSupportedException("Elements of " + slot.GetType().Name + " are not recorded.");
        }
    }
}
