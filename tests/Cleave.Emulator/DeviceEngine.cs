namespace Cleave.Emulator;

/// <summary>The parts of a device that work side by side; each does one thing at a time.</summary>
internal enum DeviceEngine
{
    Compute,
    ToDevice,
    ToHost,
}
