using System.Threading;
using Cleave.Workers;

namespace Cleave.Ensembles;

/// <summary>What one thread waits for until another lets it in, once.</summary>
internal sealed class Admission
{
    private bool _admitted;

    /// <summary>Whoever interrupts the thread: it will be let in, and has to give that back. It is interrupted again then.</summary>
    public void Await()
    {
        bool isInterrupted = false;
        using (new PatientLock(this))
        {
            while (!_admitted)
            {
                try
                {
                    Monitor.Wait(this);
                }
                catch (ThreadInterruptedException)
                {
                    isInterrupted = true;
                }
            }
        }
        if (isInterrupted)
            Thread.CurrentThread.Interrupt();
    }

    public void Admit()
    {
        using (new PatientLock(this))
        {
            _admitted = true;
            Monitor.Pulse(this);
        }
    }
}
