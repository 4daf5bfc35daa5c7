using System.Diagnostics;

namespace Cleave.Emulator;

/// <summary>What an emulated device did, for tests that count copies or compare times.</summary>
/// <param name="Engine">Which part of the device.</param>
/// <param name="What">The program or the value.</param>
/// <param name="Bytes">Of a copy.</param>
/// <param name="Start">In <see cref="Stopwatch"/> ticks, by the profile.</param>
/// <param name="End">In <see cref="Stopwatch"/> ticks, by the profile.</param>
internal sealed record DeviceOperation(DeviceEngine Engine, string What, long Bytes, long Start, long End);
