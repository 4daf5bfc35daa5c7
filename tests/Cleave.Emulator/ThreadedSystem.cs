using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Ensembles.Serving;

namespace Cleave.Emulator;

/// <summary>An inference system whose requests come on threads of their own, and which ends with its scope.</summary>
internal sealed class ThreadedSystem(string name, IReadOnlyList<(string Name, IReadOnlyList<IMemberInstance> Instances)> members, SystemOptions options) : IAsyncDisposable
{
    private readonly EnsembleSystem _system = new(name, members, options);

    public TurnTable Turns => _system.Turns;

    public IReadOnlyList<MemberSnapshot> Members => _system.Members;

    public Task RunAsync(EnsembleRequest request, CancellationToken token = default) =>
        Task.Factory.StartNew(() => _system.Run(request, token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public Task ReplaceAsync(string member, IReadOnlyList<IMemberInstance> instances) => _system.ReplaceAsync(member, instances);

    public ValueTask DisposeAsync() => new(_system.StopAsync(static task => new ValueTask(task)));
}
