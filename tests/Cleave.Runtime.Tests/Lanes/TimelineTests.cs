using System;
using System.IO;
using System.Linq;
using System.Text.Json;
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
}
