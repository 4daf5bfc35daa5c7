using System;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.Ledger;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Cleave.Sessions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Runtime.Tests.Ledger;

/// <summary>Threads keep a core busy only where nobody else needs it, and never between runs.</summary>
public sealed class SpinningTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void The_threads_of_every_session_stop_spinning_when_a_run_ends(int threads)
    {
        ModelDefinition definition = Towers.Definition();
        using SessionOptions options = new();
        new SessionSettings(definition, new RunnerOptions(), isMember: false, NullLogger.Instance).Apply(options, threads);
        Assert.Equal("1", Entry(options, "session.force_spinning_stop"));
        using SessionOptions plain = new();
        Assert.Null(Entry(plain, "session.force_spinning_stop"));
    }

    [Fact]
    public void Lanes_do_not_spin_while_more_threads_run_than_there_are_cores()
    {
        CoreLedger ledger = Ledgers.Own(2);
        LaneSettings settings = new(ledger, HasCores: true, null);
        Assert.True(settings.MaySpin);
        // The request itself: both cores are its own.
        ledger.Enter(ledger.Now);
        ledger.Take(1);
        Assert.True(settings.MaySpin);
        ledger.Enter(ledger.Now);
        Assert.False(settings.MaySpin);
        ledger.Leave(1, ledger.Now);
        Assert.True(settings.MaySpin);
        ledger.EnterBackground();
        Assert.False(settings.MaySpin);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void Lanes_that_share_cores_never_spin(int cores, bool maySpin)
    {
        using LooseRunner runner = Towers.Runner(new() { Plan = PlanChoice.Split, Ledger = Ledgers.Own(cores) });
        Assert.Equal([1, 1], runner.Engine.Plan.Threads);
        Assert.Equal(maySpin, runner.Engine.Modes.Planned.LaneSettings.MaySpin);
    }

    [Fact]
    public void Where_cores_are_taken_away_lanes_stop_spinning()
    {
        int cores = 2;
        CoreLedger ledger = new(new CoreCount(() => new CoreBudget(cores, "test", null), TimeProvider.System), TimeProvider.System);
        LaneSettings settings = new(ledger, HasCores: true, null);
        ledger.Enter(ledger.Now);
        ledger.Take(1);
        Assert.True(settings.MaySpin);
        cores = 1;
        ledger.Cores.Read();
        Assert.False(settings.MaySpin);
    }

    private delegate IntPtr GetEntry(IntPtr options, byte[] key, byte[]? value, ref nuint size);

    // The package has no method for it: what ONNX Runtime itself has noted, by its C interface. Null where it has nothing of that name.
    private static string? Entry(SessionOptions options, string key)
    {
        FieldInfo table = typeof(SessionOptions).Assembly.GetType("Microsoft.ML.OnnxRuntime.NativeMethods")!.GetField("api_", BindingFlags.NonPublic | BindingFlags.Static)!;
        object api = table.GetValue(null)!;
        GetEntry get = Marshal.GetDelegateForFunctionPointer<GetEntry>((IntPtr)table.FieldType.GetField("GetSessionConfigEntry")!.GetValue(api)!);
        byte[] name = Encoding.UTF8.GetBytes(key + '\0'), value = new byte[64];
        nuint size = (nuint)value.Length;
        // A failure is a status, which belongs to the caller: a few bytes, once.
        return get(options.DangerousGetHandle(), name, value, ref size) != IntPtr.Zero ? null : Encoding.UTF8.GetString(value, 0, (int)size - 1);
    }
}
