using System;
using System.ComponentModel;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Generated;

/// <summary>One thread's way through a plan: what generated lane methods call. Not thread-safe; one request at a time.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class Lane
{
    private readonly SegmentSession _session;
    private readonly OrtIoBinding _binding;
    private readonly RunOptions _options = new();
    private CancellationToken _token;

    internal Lane(SegmentSession session, OrtIoBinding binding)
    {
        _session = session;
        _binding = binding;
    }

    /// <summary>Runs a segment on the calling thread.</summary>
    /// <exception cref="CleaveException">ONNX Runtime failed (CLV4008).</exception>
    /// <exception cref="OperationCanceledException">The request was cancelled.</exception>
    public void Run(Segment segment)
    {
        if (!ReferenceEquals(segment, _session.Segment))
            throw new ArgumentException("The segment is not one of the plan that runs.", nameof(segment));
        try
        {
            _session.Session.RunWithBinding(_options, _binding);
        }
        catch (OnnxRuntimeException e)
        {
            throw Failure(segment, e);
        }
    }

    /// <summary>Lets <paramref name="token"/> end the run that follows; ends with the registration and <see cref="Reset"/>.</summary>
    internal CancellationTokenRegistration Watch(CancellationToken token)
    {
        _token = token;
        return token.UnsafeRegister(static lane => ((Lane)lane!)._options.Terminate = true, this);
    }

    /// <summary>Makes the lane usable again; after the registration was disposed, which waits for its callback.</summary>
    internal void Reset()
    {
        _token = default;
        _options.Terminate = false;
    }

    internal void Free() => _options.Dispose();

    // The token is asked, not the options: ONNX Runtime may end the run before its binding has noted that it was told to.
    private Exception Failure(Segment segment, OnnxRuntimeException e) => _token.IsCancellationRequested
        ? new OperationCanceledException("The run was cancelled in the segment '" + segment.Name + "'.", e, _token)
        : new CleaveException(Rules.RunFailed, e, _session.Model, segment.Name, e.Message);
}
