using System;
using System.Collections.Generic;

namespace Cleave;

/// <summary>
/// Which requests' inputs a runner keeps, as test data of ONNX (<c>test_data_set_0/input_0.pb</c>), for <c>cleave quantize --inputs</c> and <c>cleave golden</c>. They are users' data:
/// nothing is kept unless this is set or the environment variable <c>CLEAVE_RECORD</c> names a folder, a warning says so at start, and folder and files are for their owner only.
/// Immutable.
/// </summary>
public sealed record RecordingOptions
{
    private readonly int _count = 100;
    private readonly int _every = 1;
    private readonly long _maxBytes = 256L << 20;

    /// <param name="folder">Where to; each model has a folder in it, called after its place in the build output: <c>models/MyApp/models/bert.onnx.recorded</c>.</param>
    /// <exception cref="ArgumentException"><paramref name="folder"/> is empty.</exception>
    public RecordingOptions(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        Folder = folder;
    }

    /// <summary>Where to; each model has a folder in it.</summary>
    public string Folder { get; }

    /// <summary>The most requests that are kept, those of earlier runs of the application included.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to less than 1.</exception>
    public int Count
    {
        get => _count;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(Count));
            _count = value;
        }
    }

    /// <summary>One of so many requests is kept: 1 for the first ones, 1000 for a sample of a day.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to less than 1.</exception>
    public int Every
    {
        get => _every;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(Every));
            _every = value;
        }
    }

    /// <summary>The most bytes of all that is kept.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to less than 1.</exception>
    public long MaxBytes
    {
        get => _maxBytes;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaxBytes));
            _maxBytes = value;
        }
    }

    /// <summary>
    /// Called with the inputs of a request before they are written, on the thread that writes. It may change their elements, which are copies; where it gives false or throws, the request is not
    /// kept.
    /// </summary>
    public Func<IReadOnlyList<RecordedTensor>, bool>? Redact { get; init; }
}
