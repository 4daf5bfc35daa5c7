using System;
using System.Collections.Concurrent;
using System.IO;
using System.Threading;
using Cleave.Elements;
using Microsoft.Extensions.Logging;

namespace Cleave.Recording;

/// <summary>
/// Keeps inputs of requests, off their way: a request copies its inputs into a short queue, a thread writes them, and what finds the queue full is not kept. Where a write fails, the log says
/// so once and no more is kept; requests never notice. Thread-safe.
/// </summary>
internal sealed class InputRecorder : IDisposable
{
    /// <summary>The environment variable that names a folder to record into.</summary>
    public const string Variable = "CLEAVE_RECORD";

    // Requests that wait to be written.
    private const int MostWaiting = 16;

    private static readonly TimeSpan Closing = TimeSpan.FromSeconds(10);

    private readonly BlockingCollection<RecordedRequest> _waiting = new(MostWaiting);
    private readonly RecordingOptions _options;
    private readonly RecordingFolder _folder;
    private readonly string _model;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private long _seen;
    private long _lost;
    private long _waitingBytes;
    private volatile bool _isFull;
    private int _disposed;

    private InputRecorder(RecordingOptions options, RecordingFolder folder, string model, ILogger logger)
    {
        _options = options;
        _folder = folder;
        _model = model;
        _logger = logger;
        _isFull = IsFull;
        _thread = new Thread(Write) { IsBackground = true, Name = "Cleave " + model + " recorder", Priority = ThreadPriority.BelowNormal };
        _thread.UnsafeStart();
    }

    /// <summary>Requests that should have been kept, and found the queue full.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    private bool IsFull => _folder.Count >= _options.Count || _folder.Bytes >= _options.MaxBytes;

    /// <summary>One where the application or its environment asks for it; else null.</summary>
    /// <param name="options">The runner's.</param>
    /// <param name="model">The model's name.</param>
    public static InputRecorder? Of(RunnerOptions options, string model)
    {
        string? named = Environment.GetEnvironmentVariable(Variable);
        if (options.IsTrial || (options.Record ?? (string.IsNullOrWhiteSpace(named) ? null : new RecordingOptions(named))) is not { } asked)
            return null;
        ILogger logger = QuietLogger.Of(options.Logger);
        try
        {
            RecordingFolder folder = new(asked.Folder, model);
            Log.Records(logger, model, asked.Count, asked.MaxBytes / 1048576.0, folder.FullPath, folder.Count);
            return new InputRecorder(asked, folder, model, logger);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotRecorded(logger, model, asked.Folder, e.Message);
            return null;
        }
    }

    /// <summary>Keeps the inputs of a request, if it is its turn. They may be changed when this returns.</summary>
    public void Offer(InputSlot[] inputs)
    {
        if (_isFull || InputRecording.IsOff || (Interlocked.Increment(ref _seen) - 1) % _options.Every != 0)
            return;
        long bytes = RecordedRequest.Size(inputs);
        bool isAdded = false;
        // A copy is made only where there is room for it: all that wait have no more than all that is kept.
        if (Interlocked.Add(ref _waitingBytes, bytes) <= _options.MaxBytes)
        {
            try
            {
                isAdded = _waiting.Count < MostWaiting && _waiting.TryAdd(RecordedRequest.Of(inputs));
            }
            catch (InvalidOperationException)
            {
                // The runner is being disposed, or writing has ended.
            }
        }
        if (isAdded)
            return;
        Interlocked.Add(ref _waitingBytes, -bytes);
        Interlocked.Increment(ref _lost);
    }

    /// <summary>Writes what waits, and ends.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _waiting.CompleteAdding();
        // A disk that hangs does not keep an application from ending.
        if (_thread.Join(Closing))
            _waiting.Dispose();
    }

    private void Write()
    {
        try
        {
            foreach (RecordedRequest request in _waiting.GetConsumingEnumerable())
            {
                if (!IsFull)
                    Keep(request);
                Interlocked.Add(ref _waitingBytes, -request.Bytes);
            }
        }
        catch (Exception e)
        {
            // Whatever it is, requests go on, and a thread must not take the process with it.
            _isFull = true;
            Log.NotRecorded(_logger, _model, _folder.FullPath, e.Message);
        }
    }

    private void Keep(RecordedRequest request)
    {
        if (Redacted(request) && _folder.Bytes + request.Bytes <= _options.MaxBytes)
            _folder.Add(request);
        if (IsFull)
            End();
    }

    private bool Redacted(RecordedRequest request)
    {
        try
        {
            return _options.Redact is not { } redact || redact(request.Inputs);
        }
        catch (Exception e)
        {
            // What could not be redacted is never written.
            Log.NotRedacted(_logger, _model, e.Message, e);
            return false;
        }
    }

    private void End()
    {
        _isFull = true;
        Log.Recorded(_logger, _model, _folder.Count, _folder.Bytes / 1048576.0, _folder.FullPath, Lost);
    }
}
