using System.Threading;

namespace Cleave.Workers;

/// <summary>
/// A lock that its thread takes however often it is interrupted meanwhile: for what has to be given back in any case. The thread is interrupted again when it has left the lock.
/// </summary>
internal readonly ref struct PatientLock
{
    private readonly object _lock;
    private readonly bool _isInterrupted;

    public PatientLock(object @lock)
    {
        _lock = @lock;
        while (true)
        {
            try
            {
                Monitor.Enter(@lock);
                return;
            }
            catch (ThreadInterruptedException)
            {
                _isInterrupted = true;
            }
        }
    }

    public void Dispose()
    {
        Monitor.Exit(_lock);
        if (_isInterrupted)
            Thread.CurrentThread.Interrupt();
    }
}
