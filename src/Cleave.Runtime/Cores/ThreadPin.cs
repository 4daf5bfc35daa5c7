using System;
using System.Globalization;
using System.Linq;
using System.Threading;
using Cleave.Logging;
using Microsoft.Extensions.Logging;

namespace Cleave.Cores;

/// <summary>The processors that a thread of ours is to keep to.</summary>
internal sealed class ThreadPin(int[] processors, ILogger logger)
{
    /// <summary>For messages, and to tell pins apart: <c>0,1</c>.</summary>
    public override string ToString() => string.Join(',', processors.Select(static p => p.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Pins the calling thread. Where that cannot be, says so and lets it run.</summary>
    public void Apply(string thread)
    {
        if (!AffinityMask.TryPin(processors, out string why))
            Log.NotPinned(logger, thread, ToString(), why);
    }

    /// <summary>
    /// Does something on a thread that is pinned: native threads made there, those of a session, inherit it. A thread of the
    /// caller's is never pinned.
    /// </summary>
    public T Do<T>(string thread, Func<T> make)
    {
        T? made = default;
        Exception? failure = null;
        Thread maker = new(() =>
        {
            try
            {
                Apply(thread);
                made = make();
            }
            catch (Exception e)
            {
                failure = e;
            }
        })
        { IsBackground = true, Name = thread };
        maker.Start();
        maker.Join();
        if (failure != null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        return made!;
    }
}
