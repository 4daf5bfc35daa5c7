namespace Cleave;

/// <summary>What a runner's requests are for, which decides how many cores each gets.</summary>
public enum RunnerHint
{
    /// <summary>
    /// Each request is to be done soon: where it is alone it gets all cores, where others run it gets its share. The default.
    /// </summary>
    Latency,

    /// <summary>As many requests as possible are to be done: each gets one core, also where it is alone, and takes the least processor time.</summary>
    Throughput,

    /// <summary>
    /// Requests can wait: each gets one core once one is free, or after a second. The thread that runs it waits; cancelling ends that.
    /// </summary>
    Background,
}
