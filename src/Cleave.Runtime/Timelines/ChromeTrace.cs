using System;
using System.Buffers;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace Cleave.Timelines;

/// <summary>Writes spans as Chrome's trace events, which chrome://tracing, Perfetto and speedscope show.</summary>
internal static class ChromeTrace
{
    // Some 60 KB.
    private const int SpansOfPiece = 256;

    public static void Write(IReadOnlyList<(TimelineSpan Span, int Thread)> spans, Stream stream)
    {
        foreach (ReadOnlyMemory<byte> piece in Pieces(spans))
            stream.Write(piece.Span);
        stream.Flush();
    }

    public static async Task WriteAsync(IReadOnlyList<(TimelineSpan Span, int Thread)> spans, Stream stream, CancellationToken token)
    {
        foreach (ReadOnlyMemory<byte> piece in Pieces(spans))
            await stream.WriteAsync(piece, token).ConfigureAwait(false);
        await stream.FlushAsync(token).ConfigureAwait(false);
    }

    // The whole text is not in memory; a piece is valid until the next one.
    private static IEnumerable<ReadOnlyMemory<byte>> Pieces(IReadOnlyList<(TimelineSpan Span, int Thread)> spans)
    {
        ArrayBufferWriter<byte> buffer = new();
        using Utf8JsonWriter json = new(buffer);
        json.WriteStartObject();
        json.WriteString("displayTimeUnit", "ms");
        json.WriteStartArray("traceEvents");
        HashSet<int> named = [];
        for (int i = 0; i < spans.Count; i++)
        {
            (TimelineSpan span, int thread) = spans[i];
            if (named.Add(thread))
                WriteThreadName(json, span, thread);
            WriteSpan(json, span, thread, spans[0].Span.Start);
            if (i % SpansOfPiece < SpansOfPiece - 1)
                continue;
            json.Flush();
            yield return buffer.WrittenMemory;
            buffer.ResetWrittenCount();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        yield return buffer.WrittenMemory;
    }

    // Requests run their first lanes at the same time, so a row is a thread, not a lane.
    private static void WriteThreadName(Utf8JsonWriter json, TimelineSpan span, int thread)
    {
        json.WriteStartObject();
        json.WriteString("name", "thread_name");
        json.WriteString("ph", "M");
        json.WriteNumber("pid", Environment.ProcessId);
        json.WriteNumber("tid", thread);
        json.WriteStartObject("args");
        json.WriteString("name", span.Plan.LaneName(span.Lane));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteSpan(Utf8JsonWriter json, TimelineSpan span, int thread, long zero)
    {
        json.WriteStartObject();
        json.WriteString("name", span.IsWait ? "wait for " + span.Name : span.Name);
        json.WriteString("cat", span.IsWait ? "wait" : "run");
        json.WriteString("ph", "X");
        json.WriteNumber("ts", Microseconds(zero, span.Start));
        json.WriteNumber("dur", Microseconds(span.Start, span.End));
        json.WriteNumber("pid", Environment.ProcessId);
        json.WriteNumber("tid", thread);
        json.WriteStartObject("args");
        json.WriteString("model", span.Plan.Model);
        json.WriteString("plan", span.Plan.Plan.Name);
        json.WriteString("lane", span.Plan.LaneName(span.Lane));
        json.WriteNumber("request", span.Request);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static double Microseconds(long from, long to) => Math.Round((to - from) * 1e6 / Stopwatch.Frequency, 3);
}
