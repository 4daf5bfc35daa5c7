using System;
using System.Threading;
using System.Threading.Tasks;

namespace Cleave.Runtime.Tests.Support;

/// <summary>Runs what blocks on a thread of its own: the thread pool adds threads one by one, so those that wait there for each other may wait long.</summary>
internal static class OwnThread
{
    public static Task Run(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public static Task<T> Run<T>(Func<T> action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
