using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Onnx.Widening;
using Cleave.OnnxProto;
using Cleave.Tool.Rewriting;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Running;

/// <summary>How sessions are made.</summary>
/// <param name="Level">What ONNX Runtime may change in a graph.</param>
/// <param name="Threads">Threads of each session.</param>
/// <param name="DumpFolder">Where the optimised graph of segment i is written, as <c>i.onnx</c>; null: nowhere.</param>
internal sealed record SessionRequest(GraphOptimizationLevel Level, int Threads, string? DumpFolder = null);

/// <summary>One session of a chain.</summary>
/// <param name="Segment">What the segment is called.</param>
/// <param name="Session">Its session.</param>
/// <param name="Inputs">Names of the session's inputs.</param>
/// <param name="Reads">The values that the session's inputs get, in that order.</param>
/// <param name="Writes">Its outputs, which are values of those names.</param>
internal sealed record ChainLink(string Segment, InferenceSession Session, IReadOnlyList<string> Inputs, IReadOnlyList<string> Reads, IReadOnlyList<string> Writes);

/// <summary>A model in sessions that run one after the other, each on what those before it gave.</summary>
internal sealed class SessionChain(IReadOnlyList<ChainLink> links) : IDisposable
{
    private const string Whole = "the whole model";
    private const string FolderKey = "session.model_external_initializers_file_folder_path";

    /// <summary>The file as ONNX Runtime opens it; with chosen outputs added to its own, where they are not its own.</summary>
    public static SessionChain OfFile(ModelUnderTest model, SessionRequest how)
    {
        if (model.WithChosenOutputs() is { } extended)
            return OfBytes(model, extended, how);
        using SessionOptions options = Options(how, 0);
        return OfOne(Create(Whole, () => new InferenceSession(model.Path, options)));
    }

    /// <summary>The whole model as a runner slices it, its large weights mapped where they lie: nothing holds them twice.</summary>
    public static SessionChain OfMapped(ModelUnderTest model, SessionRequest how)
    {
        string[] inputs = [.. model.Graph.Model.Graph.Inputs.Select(static i => i.Name).Where(i => !model.Graph.Index.IsInitializer(i))];
        return Of(model, [new SegmentRequest(Whole, null, inputs, model.Graph.Outputs)], how, weights: WeightMode.Map);
    }

    /// <summary>A changed copy of the file.</summary>
    public static SessionChain OfBytes(ModelUnderTest model, byte[] changed, SessionRequest how) => OfBytes(changed, model.Folder, how);

    /// <summary>The same from its messages; weights of theirs that lie in a file are mapped.</summary>
    public static SessionChain OfMessage(ModelUnderTest model, ModelProto changed, SessionRequest how)
    {
        byte[] bytes = WeightFile.Refer(changed, out string? folder);
        return OfBytes(bytes, folder ?? model.Folder, how);
    }

    /// <summary>Sub-models out of the file, in memory.</summary>
    /// <param name="model">The model.</param>
    /// <param name="segments">In an order in which they can run.</param>
    /// <param name="how">How their sessions are made.</param>
    /// <param name="halves">The model's floats of 16 bits where they are computed in 32; null: as published.</param>
    /// <param name="weights">How they hold weights; null: mapped where they are many.</param>
    /// <exception cref="Core.Diagnostics.ModelException">A segment does not fit the graph.</exception>
    /// <exception cref="SegmentException">ONNX Runtime refuses one.</exception>
    public static SessionChain Of(ModelUnderTest model, IReadOnlyList<SegmentRequest> segments, SessionRequest how, HalfFloats? halves = null, WeightMode? weights = null)
    {
        List<ChainLink> links = [];
        try
        {
            for (int i = 0; i < segments.Count; i++)
                links.Add(Link(model, segments[i], how, i, halves, weights));
            return new SessionChain(links);
        }
        catch
        {
            foreach (ChainLink link in links)
                link.Session.Dispose();
            throw;
        }
    }

    public IReadOnlyList<ChainLink> Links => links;

    /// <summary>The values asked for, by name; a sequence's elements as <c>name[0]</c>.</summary>
    /// <exception cref="SegmentException">A segment failed.</exception>
    public Dictionary<string, TensorCopy> Run(IReadOnlyDictionary<string, TensorCopy> inputs, IEnumerable<string> wanted)
    {
        Dictionary<string, OrtValue> values = new(StringComparer.Ordinal);
        List<IDisposable> held = [];
        try
        {
            foreach ((string name, TensorCopy tensor) in inputs)
            {
                values.Add(name, tensor.ToOrtValue());
                held.Add(values[name]);
            }
            foreach (ChainLink link in links)
                Run(link, values, held);
            Dictionary<string, TensorCopy> results = new(StringComparer.Ordinal);
            foreach (string name in wanted)
                Add(results, name, values[name]);
            return results;
        }
        finally
        {
            foreach (IDisposable value in held)
                value.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (ChainLink link in links)
            link.Session.Dispose();
    }

    private static SessionChain OfBytes(byte[] changed, string folder, SessionRequest how)
    {
        using SessionOptions options = Options(how, 0);
        options.AddSessionConfigEntry(FolderKey, folder);
        return OfOne(Create(Whole, () => new InferenceSession(changed, options)));
    }

    private static SessionChain OfOne(InferenceSession session) =>
        new([new ChainLink(Whole, session, session.InputNames, session.InputNames, session.OutputNames)]);

    private static ChainLink Link(ModelUnderTest model, SegmentRequest segment, SessionRequest how, int number, HalfFloats? halves, WeightMode? weights)
    {
        SubModel sub = model.Write(segment, halves, weights);
        using SessionOptions options = Options(how, number);
        if (sub.ReadsFiles)
            options.AddSessionConfigEntry(FolderKey, model.Folder);
        InferenceSession session = Create(segment.Name, () => new InferenceSession(sub.Bytes, options));
        return new ChainLink(segment.Name, session, segment.Reads, segment.Reads, segment.Writes);
    }

    private static void Run(ChainLink link, Dictionary<string, OrtValue> values, List<IDisposable> held)
    {
        OrtValue[] fed = [.. link.Reads.Select(r => values.TryGetValue(r, out OrtValue? value)
            ? value
            : throw new SegmentException(link.Segment, $"it reads '{r}', which no segment before it writes"))];
        try
        {
            using RunOptions options = new();
            IDisposableReadOnlyCollection<OrtValue> made = link.Session.Run(options, link.Inputs, fed, link.Writes);
            held.Add(made);
            for (int i = 0; i < link.Writes.Count; i++)
                values[link.Writes[i]] = made[i];
        }
        catch (OnnxRuntimeException e)
        {
            throw new SegmentException(link.Segment, e.Message);
        }
    }

    private static void Add(Dictionary<string, TensorCopy> results, string name, OrtValue value)
    {
        if (value.IsTensor)
        {
            results.Add(name, TensorCopy.Of(value));
            return;
        }
        int count = value.OnnxType is OnnxValueType.ONNX_TYPE_SEQUENCE or OnnxValueType.ONNX_TYPE_MAP ? value.GetValueCount() : 0;
        for (int i = 0; i < count; i++)
        {
            using OrtValue element = value.GetValue(i, OrtAllocator.DefaultInstance);
            Add(results, string.Create(CultureInfo.InvariantCulture, $"{name}[{i}]"), element);
        }
    }

    private static InferenceSession Create(string segment, Func<InferenceSession> create)
    {
        try
        {
            return create();
        }
        catch (OnnxRuntimeException e)
        {
            throw new SegmentException(segment, e.Message);
        }
    }

    private static SessionOptions Options(SessionRequest how, int number)
    {
        SessionOptions options = new()
        {
            GraphOptimizationLevel = how.Level,
            IntraOpNumThreads = how.Threads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            EnableMemoryPattern = false,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        if (how.DumpFolder != null)
            options.OptimizedModelFilePath = Path.Combine(how.DumpFolder, number.ToString(CultureInfo.InvariantCulture) + ".onnx");
        return options;
    }
}
