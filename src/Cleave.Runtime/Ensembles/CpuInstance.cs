using System.Threading;
using Cleave.Devices;
using Cleave.Engines;
using Cleave.Ensembles.Serving;
using Cleave.Generated;

namespace Cleave.Ensembles;

/// <summary>
/// An instance on the processor: runs its member on samples of a request where they lie, once it has its cores. There is nothing to copy, and so one thread for all stages.
/// </summary>
/// <param name="member">The member.</param>
/// <param name="place">Its place among the member's instances.</param>
/// <param name="turns">Those of the cores.</param>
internal sealed class CpuInstance(CpuMember member, int place, CoreTurns turns) : IMemberInstance
{
    private readonly int _model = place % member.Models.Length;
    private CallBuffers? _now;
    private RunnerEngine? _engine;

    public string Name => "cpu";

    public int Batch => member.Cell.Batch;

    public int Slots => 1;

    // Instances on the processor take turns by cores.
    public IDevice? Device => null;

    public bool IsLost => false;

    public void Load(EnsembleRequest request, int at, int count, int slot)
    {
        CutRequest segment = (CutRequest)request;
        _engine = segment.Engine(member.Place, _model);
        _now = segment.Call.Buffers(member.Place, place, member.Models[_model], _engine, at, count);
    }

    public void Predict(int slot)
    {
        turns.Enter(member.Cell.Threads);
        try
        {
            // A batch is short: what ends a request, ends it between two.
            MemberModel.RunAsOpened(_engine!, _now!, CancellationToken.None);
        }
        finally
        {
            turns.Leave(member.Cell.Threads);
        }
    }

    public void Receive(int slot)
    {
    }

    public void Add(EnsembleRequest request, int at, int count, int slot) => ((CutRequest)request).Call.Add(member.Place, _now!.Outputs, at, count);

    // The weights may be replaced before the next segment comes.
    public void Leave(int slot) => (_now, _engine) = (null, null);

    // The models are the member's.
    public void Dispose()
    {
    }
}
