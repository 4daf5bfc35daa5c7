using System;

namespace Cleave.Lanes;

/// <summary>Ends a lane whose request has failed elsewhere. Never leaves the runtime.</summary>
internal sealed class LaneReleasedException : Exception;
