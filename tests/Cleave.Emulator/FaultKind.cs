namespace Cleave.Emulator;

/// <summary>What can be made to go wrong on an emulated device.</summary>
internal enum FaultKind
{
    /// <summary>A program that is loaded finds no room.</summary>
    OutOfMemoryAtLoad,

    /// <summary>A tensor that is allocated finds no room.</summary>
    OutOfMemoryAtAllocation,

    /// <summary>A run finds no room on the way; the device goes on.</summary>
    OutOfMemoryAtRun,

    /// <summary>The device is lost while it runs a program.</summary>
    LostAtRun,

    /// <summary>The device is lost at a launch, which fails with words of a library's that do not say so.</summary>
    LostUnnoticed,

    /// <summary>The device is lost while it copies.</summary>
    LostAtCopy,
}
