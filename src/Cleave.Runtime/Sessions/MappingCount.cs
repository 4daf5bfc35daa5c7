using System.Collections.Generic;
using System.Globalization;
using Cleave.Cores;
using Cleave.Generated;

namespace Cleave.Sessions;

/// <summary>
/// Whether a plan's segments would take too many mappings: a process that runs out of them fails in places that nobody expects. Those it has otherwise count, too: other sessions
/// have theirs. They are counted once for all segments of a plan, when the first one is opened. Not thread-safe.
/// </summary>
internal sealed class MappingCount(ProcessFiles files)
{
    // Those counted since the process's were: a plan opened again begins anew.
    private readonly HashSet<Segment> _segments = [];
    private Plan? _plan;

    /// <summary>Those of the process when the plan's first segment was opened.</summary>
    public int Present { get; private set; }

    /// <summary>Those of the plan's segments since.</summary>
    public int Own { get; private set; }

    /// <summary>The most that a process may have.</summary>
    public long Most { get; private set; }

    /// <summary>Counts those of one more segment.</summary>
    public bool IsTooMany(Segment segment, int mappings)
    {
        if (mappings == 0)
            return false;
        if (segment.Plan is not { } plan || plan != _plan || !_segments.Add(segment))
            Begin(segment);
        Own += mappings;
        return Most > 0 && Present + Own > Most / 4;
    }

    private void Begin(Segment segment)
    {
        _plan = segment.Plan;
        _segments.Clear();
        _segments.Add(segment);
        Own = 0;
        Most = long.TryParse(files.Read("/proc/sys/vm/max_map_count"), NumberStyles.None, CultureInfo.InvariantCulture, out long most) ? most : 0;
        Present = Most > 0 ? files.ReadLines("/proc/self/maps").Length : 0;
    }
}
