namespace PageReader;

/// <summary>How long all lines of some pages take, read in each way.</summary>
internal sealed record WaysTimes(int Lines, TimeSpan Loop, TimeSpan PaddedBatches, TimeSpan RunMany, TimeSpan OneCall);
