using System;
using System.Threading;

namespace Cleave;

/// <summary>Keeps requests out of what runners record (<see cref="RunnerOptions.Record"/>).</summary>
public static class InputRecording
{
    private static readonly AsyncLocal<int> Depth = new();

    /// <summary>Whether requests of this flow of control are kept out.</summary>
    internal static bool IsOff => Depth.Value > 0;

    /// <summary>Until what it gives is disposed, no request of this flow of control (the thread, and the tasks that it awaits and starts) is recorded.</summary>
    /// <example><c>using (InputRecording.Off()) await runner.RunAsync(input);</c></example>
    public static IDisposable Off()
    {
        Depth.Value++;
        return new Scope();
    }

    private sealed class Scope : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
                Depth.Value--;
        }
    }
}
