using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Runtime.Tests.Support;
using Cleave.Timelines;
using Xunit;

namespace Cleave.Runtime.Tests.Lanes;

/// <summary>What ran when is recorded where asked, and shown by Chrome.</summary>
public sealed class TimelineTests
{
    [Fact]
    public async Task Every_segment_of_every_request_is_recorded()
    {
        Timeline timeline = new();
        using LooseRunner runner = Towers.Runner(new() { Plan = PlanChoice.Split, Timeline = timeline });
        runner.Run(Towers.Request(Towers.Input(1))).Dispose();
        (await runner.RunAsync(Towers.Request(Towers.Input(2)))).Dispose();
        TimelineSpan[] runs = [.. timeline.InOrder().Select(s => s.Span).Where(s => !s.IsWait)];
        Assert.Equal(["0 Join", "0 Join", "0 Left", "0 Left", "1 Right", "1 Right"], runs.Select(s => s.Lane + " " + s.Name).Order(StringComparer.Ordinal));
        Assert.All(runs.GroupBy(s => s.Request), request => Assert.Equal(3, request.Count()));
        Assert.All(runs, s => Assert.True(s.Start <= s.End));
        foreach (IGrouping<long, TimelineSpan> request in runs.GroupBy(s => s.Request))
            Assert.True(request.Single(s => s.Name == "Join").Start >= request.Max(s => s.Name == "Join" ? 0 : s.End));
    }

    [Fact]
    public void Chrome_reads_it()
    {
        Timeline timeline = new();
        using LooseRunner runner = Towers.Runner(new() { Plan = PlanChoice.Split, Timeline = timeline });
        runner.Run(Towers.Request(Towers.Input(1))).Dispose();
        using MemoryStream stream = new();
        timeline.WriteChromeTrace(stream);
        using JsonDocument json = JsonDocument.Parse(stream.ToArray());
        JsonElement[] events = [.. json.RootElement.GetProperty("traceEvents").EnumerateArray()];
        JsonElement right = events.Single(e => e.GetProperty("name").GetString() == "Right");
        Assert.Equal("X", right.GetProperty("ph").GetString());
        Assert.Equal("lane 1 (Side)", right.GetProperty("args").GetProperty("lane").GetString());
        Assert.True(right.GetProperty("ts").GetDouble() >= 0 && right.GetProperty("dur").GetDouble() > 0);
        Assert.Contains(events, e => e.GetProperty("ph").GetString() == "M" && e.GetProperty("tid").GetInt32() == right.GetProperty("tid").GetInt32());
    }

    [Fact]
    public void It_keeps_the_latest()
    {
        Timeline timeline = new(capacity: 4);
        using LooseRunner runner = Towers.Runner(new() { Plan = PlanChoice.Split, Timeline = timeline });
        for (int i = 0; i < 5; i++)
            runner.Run(Towers.Request(Towers.Input(i))).Dispose();
        Assert.Equal(4, timeline.Count);
        Assert.Contains(timeline.InOrder(), s => s.Span.Name == "Join");
        Assert.Equal(0, new Timeline().Count);
        using MemoryStream empty = new();
        new Timeline().WriteChromeTrace(empty);
        Assert.Equal(0, JsonDocument.Parse(empty.ToArray()).RootElement.GetProperty("traceEvents").GetArrayLength());
        Assert.Throws<ArgumentOutOfRangeException>(() => new Timeline(0));
    }

    [Fact]
    public async Task It_is_written_in_pieces_and_where_asked_never_synchronously()
    {
        Timeline timeline = new();
        using LooseRunner runner = Towers.Runner(new() { Plan = PlanChoice.Split, Timeline = timeline });
        for (int i = 0; i < 300; i++)
            runner.Run(Towers.Request(Towers.Input(i))).Dispose();
        using PieceStream expected = new(isAsync: false), actual = new(isAsync: true);
        timeline.WriteChromeTrace(expected);
        await timeline.WriteChromeTraceAsync(actual);
        Assert.Equal(expected.ToArray(), actual.ToArray());
        Assert.True(JsonDocument.Parse(actual.ToArray()).RootElement.GetProperty("traceEvents").GetArrayLength() > 900);
        foreach (PieceStream stream in new[] { expected, actual })
            Assert.InRange(stream.Largest, 1, 120_000);
        using CancellationTokenSource source = new();
        using PieceStream cancelled = new(isAsync: true) { Wrote = source.Cancel };
        OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => timeline.WriteChromeTraceAsync(cancelled, source.Token));
        Assert.Equal(source.Token, e.CancellationToken);
        Assert.InRange(cancelled.Length, 1, actual.Length - 1);
    }

    // Takes writes of one kind only.
    private sealed class PieceStream(bool isAsync) : MemoryStream
    {
        public int Largest { get; private set; }

        public Action? Wrote { get; init; }

        public override void Flush() => Assert.False(isAsync);

        public override Task FlushAsync(CancellationToken cancellationToken)
        {
            Assert.True(isAsync);
            return Task.CompletedTask;
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Assert.False(isAsync);
            Add(buffer);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Assert.True(isAsync);
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            Add(buffer.Span);
        }

        private void Add(ReadOnlySpan<byte> buffer)
        {
            Largest = Math.Max(Largest, buffer.Length);
            base.Write(buffer.ToArray(), 0, buffer.Length);
            Wrote?.Invoke();
        }
    }
}
