namespace Cleave.Workers;

/// <summary>Something a worker does. It reports its own failures and never throws.</summary>
internal interface IWorkItem
{
    void Execute();
}
