using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Onnx.Widening;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Benchmarks.Graph.Costs;

/// <summary>A plan as it is timed: the segments of a model one after the other, as runners open them (floats of 16 bits computed in 32), everything bound once.</summary>
internal sealed class BoundChain : IDisposable
{
    /// <summary>Where external data of a model that is opened from memory lies.</summary>
    public const string FolderKey = "session.model_external_initializers_file_folder_path";

    private readonly List<(InferenceSession Session, OrtIoBinding Binding)> _links = [];
    private readonly Dictionary<string, OrtValue> _values = new(StringComparer.Ordinal);
    private readonly RunOptions _options = new();

    public BoundChain(CostPlan plan)
    {
        CatalogModel catalog = ModelCatalog.Get(plan.Model);
        string path = catalog.Write(ModelCatalog.Folder);
        using ModelUnderTest model = new(path);
        foreach ((string name, var data) in ModelInputs.Random(catalog, path, plan.Sample, seed: 1))
            _values.Add(name, data.ToOrtValue());
        HalfFloats? halves = HalfFloats.Of(model.Graph.Model);
        foreach (SegmentRequest segment in plan.Segments(model.Graph))
            Add(model, segment, halves, plan.Threads);
    }

    public void Run()
    {
        foreach ((InferenceSession session, OrtIoBinding binding) in _links)
            session.RunWithBinding(_options, binding);
    }

    public void Dispose()
    {
        foreach ((InferenceSession session, OrtIoBinding binding) in _links)
        {
            binding.Dispose();
            session.Dispose();
        }
        foreach (OrtValue value in _values.Values)
            value.Dispose();
        _options.Dispose();
    }

    private void Add(ModelUnderTest model, SegmentRequest segment, HalfFloats? halves, int threads)
    {
        using SessionOptions options = new() { IntraOpNumThreads = threads, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        // As plans run (SessionSettings); the pool of one would also spin into the measurement of the next.
        options.AddSessionConfigEntry("session.force_spinning_stop", "1");
        SubModel sub = model.Write(segment, halves);
        if (sub.ReadsFiles)
            options.AddSessionConfigEntry(FolderKey, model.Folder);
        InferenceSession session = new(sub.Bytes, options);
        OrtIoBinding binding = session.CreateIoBinding();
        _links.Add((session, binding));
        OrtValue[] inputs = [.. session.InputNames.Select(n => _values[n])];
        using IDisposableReadOnlyCollection<OrtValue> made = session.Run(_options, session.InputNames, inputs, session.OutputNames);
        for (int i = 0; i < inputs.Length; i++)
            binding.BindInput(session.InputNames[i], inputs[i]);
        for (int i = 0; i < made.Count; i++)
        {
            string name = session.OutputNames[i];
            if (!made[i].IsTensor)
                throw new NotSupportedException(string.Create(CultureInfo.InvariantCulture, $"{name} is no tensor"));
            OrtTensorTypeAndShapeInfo info = made[i].GetTensorTypeAndShape();
            OrtValue value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, info.ElementDataType, info.Shape);
            binding.BindOutput(name, value);
            _values.TryAdd(name, value);
        }
        // Later segments read what this one gives, and are shaped by it.
        session.RunWithBinding(_options, binding);
    }
}
