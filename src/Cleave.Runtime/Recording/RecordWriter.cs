using System;
using System.Collections.Concurrent;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Elements;
using Cleave.Logging;
using Microsoft.Extensions.Logging;

namespace Cleave.Recording;

/// <summary>
/// The queue of an <see cref="InputRecorder"/> and the thread that writes what is in it. Where a write fails, the log says so once and no more is kept; requests never notice. Knows nothing of
/// the recorder. Thread-safe.
/// </summary>
internal sealed class RecordWriter
{
    // Requests that wait to be written.
    private const int MostWaiting = 16;

    private readonly BlockingCollection<RecordedRequest> _waiting = new(MostWaiting);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RecordingOptions _options;
    private readonly RecordingFolder _folder;
    private readonly string _model;
    private readonly ILogger _logger;
    private long _lost;
    private long _waitingBytes;
    // What the folder may still take.
    private long _free;
    private volatile bool _isFull;

    /// <param name="options">What to keep.</param>
    /// <param name="folder">Where to.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="logger">Told when it ends.</param>
    public RecordWriter(RecordingOptions options, RecordingFolder folder, string model, ILogger logger)
    {
        _options = options;
        _folder = folder;
        _model = model;
        _logger = logger;
        NoteFree();
        new Thread(Write) { IsBackground = true, Name = "Cleave " + model + " recorder", Priority = ThreadPriority.BelowNormal }.UnsafeStart();
    }

    /// <summary>Whether no more is kept.</summary>
    public bool IsFull => _isFull;

    /// <summary>How many requests wait to be written.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Done when the thread has ended, after <see cref="Complete"/>.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Copies inputs into the queue, if there is room. Where the folder has none for them, the recording ends.</summary>
    public void Offer(InputSlot[] inputs)
    {
        long bytes = 0;
        bool isAdded = false;
        try
        {
            bytes = RecordedRequest.Size(inputs);
            long free = Interlocked.Read(ref _free);
            // A copy is made only where there is room for it: all that wait have no more than may still be kept.
            isAdded = Interlocked.Add(ref _waitingBytes, bytes) <= free && _waiting.Count < MostWaiting && _waiting.TryAdd(RecordedRequest.Of(inputs));
            if (bytes > free)
                End();
        }
        catch (Exception)
        {
            // There is no memory for a copy, a string is null, which the request itself will say, or the runner is being disposed.
        }
        if (isAdded)
            return;
        Interlocked.Add(ref _waitingBytes, -bytes);
        Interlocked.Increment(ref _lost);
    }

    /// <summary>Ends the thread when it has written what waits.</summary>
    public void Complete() => _waiting.CompleteAdding();

    private void Write()
    {
        try
        {
            foreach (RecordedRequest request in _waiting.GetConsumingEnumerable())
            {
                if (_folder.Count < _options.Count)
                    Keep(request);
                Interlocked.Add(ref _waitingBytes, -request.Bytes);
            }
            if (_isFull)
                Log.Recorded(_logger, _model, _folder.Count, _folder.Bytes / 1048576.0, _folder.FullPath, Interlocked.Read(ref _lost));
        }
        catch (Exception e)
        {
            // Whatever it is, requests go on, and a thread must not take the process with it.
            _isFull = true;
            Log.NotRecorded(_logger, _model, _folder.FullPath, e.Message);
        }
        finally
        {
            // Where it failed, nobody writes the copies that wait.
            _waiting.CompleteAdding();
            while (_waiting.TryTake(out _))
            {
            }
            _ended.SetResult();
        }
    }

    private void Keep(RecordedRequest request)
    {
        if (request.Bytes > Interlocked.Read(ref _free))
        {
            End();
            return;
        }
        if (!Redacted(request))
            return;
        if (_folder.TryAdd(request, _options.Count, _options.MaxBytes))
            NoteFree();
        else
            End();
    }

    private void NoteFree()
    {
        Interlocked.Exchange(ref _free, _options.MaxBytes - _folder.Bytes);
        if (_folder.Count >= _options.Count || _folder.Bytes >= _options.MaxBytes)
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

    // Whatever waits is written first, as far as it fits.
    private void End()
    {
        _isFull = true;
        Complete();
    }
}
