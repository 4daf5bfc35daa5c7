using Cleave.Ledger;

namespace Cleave.Ensembles;

/// <summary>The core of a thread that runs members of one core each, one after the other: in the ledger once for all of them. Of one thread.</summary>
internal struct EnteredCore(CoreLedger ledger)
{
    private bool _isEntered;

    /// <summary>From now on the thread has one.</summary>
    public void Enter()
    {
        if (_isEntered)
            return;
        ledger.Enter(ledger.Now);
        _isEntered = true;
    }

    /// <summary>It has none any more.</summary>
    public void Leave()
    {
        if (!_isEntered)
            return;
        _isEntered = false;
        ledger.Leave(1, ledger.Now);
    }
}
