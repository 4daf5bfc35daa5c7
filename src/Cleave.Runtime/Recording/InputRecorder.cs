using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Elements;
using Cleave.Generated;
using Cleave.Logging;
using Microsoft.Extensions.Logging;

namespace Cleave.Recording;

/// <summary>
/// Keeps inputs of requests, off their way: a request copies its inputs into a short queue, a thread writes them, and what finds the queue full is not kept. This is the runner's end of it:
/// when it is forgotten, the thread ends all the same, unless the application's way of redacting holds the runner. Thread-safe.
/// </summary>
internal sealed class InputRecorder
{
    /// <summary>The environment variable that names a folder to record into.</summary>
    public const string Variable = "CLEAVE_RECORD";

    // A disk that hangs does not keep an application from ending.
    private static readonly TimeSpan Closing = TimeSpan.FromSeconds(10);

    private readonly RecordWriter _writer;
    private readonly int _every;
    private long _seen;

    private InputRecorder(RecordWriter writer, int every)
    {
        _writer = writer;
        _every = every;
    }

    ~InputRecorder() => _writer.Complete();

    /// <summary>One where the application or its environment asks for it; else null.</summary>
    /// <param name="options">The runner's.</param>
    /// <param name="model">The model.</param>
    public static InputRecorder? Of(RunnerOptions options, ModelDefinition model)
    {
        if (options.IsTrial || AskedFor(options.Record) is not { } asked)
            return null;
        ILogger logger = QuietLogger.Of(options.Logger);
        try
        {
            RecordingFolder folder = new(asked.Folder, model.Path);
            Log.Records(logger, model.Name, asked.Count, asked.MaxBytes / 1048576.0, folder.FullPath, folder.Count);
            return new InputRecorder(new RecordWriter(asked, folder, model.Name, logger), asked.Every);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotRecorded(logger, model.Name, asked.Folder, e.Message);
            return null;
        }
    }

    /// <summary>What the application says, or else the environment; null: nobody asks.</summary>
    public static RecordingOptions? AskedFor(RecordingOptions? set) =>
        set ?? (Environment.GetEnvironmentVariable(Variable) is { } named && !string.IsNullOrWhiteSpace(named) ? new RecordingOptions(named) : null);

    /// <summary>Keeps the inputs of a request, if it is its turn. They may be changed when this returns. Throws nothing: what cannot be copied is not kept.</summary>
    public void Offer(InputSlot[] inputs)
    {
        if (!_writer.IsFull && !InputRecording.IsOff && (Interlocked.Increment(ref _seen) - 1) % _every == 0)
            _writer.Offer(inputs);
    }

    /// <summary>How many requests wait to be written.</summary>
    public int Waiting => _writer.Waiting;

    /// <summary>Has what waits written, and waits for that.</summary>
    public void Dispose()
    {
        End();
        _writer.Ended.Wait(Closing);
    }

    /// <summary>As <see cref="Dispose"/>, without blocking a thread.</summary>
    public async Task DisposeAsync()
    {
        End();
        await Task.WhenAny(_writer.Ended, Task.Delay(Closing)).ConfigureAwait(false);
    }

    private void End()
    {
        _writer.Complete();
        GC.SuppressFinalize(this);
    }
}
