using System;
using System.Collections.Generic;
using System.Diagnostics.Metrics;
using System.Linq;

namespace Cleave.Runtime.Tests.Support;

/// <summary>What a listener of meters is told.</summary>
internal static class Measurements
{
    /// <summary>What the instruments of some meters say now: by name, with the tags as text.</summary>
    public static (string Name, long Value, string Tags)[] Of(Func<Meter, bool> wanted)
    {
        List<(string Name, long Value, string Tags)> seen = [];
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (wanted(instrument.Meter))
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => seen.Add((instrument.Name, value, Text(tags))));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => seen.Add((instrument.Name, value, Text(tags))));
        listener.Start();
        listener.RecordObservableInstruments();
        return [.. seen.OrderBy(static s => s.Name, StringComparer.Ordinal)];

        static string Text(ReadOnlySpan<KeyValuePair<string, object?>> tags) => string.Join(' ', tags.ToArray().Select(static t => t.Key + "=" + t.Value));
    }
}
