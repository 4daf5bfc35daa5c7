using System;

namespace Cleave.Tool.Measuring;

/// <summary>A candidate that waits to be told to run.</summary>
internal interface ICandidateWorker : IDisposable
{
    /// <summary>Runs it for so long, so many calls at a time; about how long one call takes.</summary>
    /// <exception cref="WorkerException">It cannot run.</exception>
    TimeSpan Warm(TimeSpan time, int calls);

    /// <summary>Runs so many calls.</summary>
    /// <exception cref="WorkerException">It cannot run, or did not come to rest.</exception>
    Block Block(int count);

    /// <summary>Runs nothing; what it did while it was parked.</summary>
    Block Rest();
}
