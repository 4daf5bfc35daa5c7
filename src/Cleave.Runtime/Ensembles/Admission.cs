using System.Threading;

namespace Cleave.Ensembles;

/// <summary>What one thread waits for until another lets it in, once.</summary>
internal sealed class Admission
{
    private bool _admitted;

    public void Await()
    {
        lock (this)
        {
            while (!_admitted)
                Monitor.Wait(this);
        }
    }

    public void Admit()
    {
        lock (this)
        {
            _admitted = true;
            Monitor.Pulse(this);
        }
    }
}
