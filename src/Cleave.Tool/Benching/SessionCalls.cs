using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Cleave.Tool.Benching;

/// <summary>
/// ONNX Runtime as one would write it by hand for speed: one session, and for each caller inputs and outputs that are bound
/// once.
/// </summary>
internal sealed class SessionCalls : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly List<IDisposable> _owned = [];

    /// <summary>The same inputs for each caller.</summary>
    public SessionCalls(string path, OrtConfiguration configuration, RequestInputs inputs)
        : this(path, configuration, Enumerable.Repeat(inputs, configuration.Callers))
    {
    }

    /// <summary>A call for each of several inputs.</summary>
    public SessionCalls(string path, OrtConfiguration configuration, IEnumerable<RequestInputs> inputs)
    {
        using SessionOptions options = configuration.Options();
        _session = new InferenceSession(path, options);
        Calls = [.. inputs.Select(Bind)];
    }

    /// <summary>One for each of the inputs.</summary>
    public IReadOnlyList<Action> Calls { get; }

    public void Dispose()
    {
        foreach (IDisposable owned in _owned)
            owned.Dispose();
        _options.Dispose();
        _session.Dispose();
    }

    private Action Bind(RequestInputs inputs)
    {
        OrtIoBinding binding = Own(_session.CreateIoBinding());
        foreach (InputData input in inputs.Inputs)
            binding.BindInput(input.Name, Tensor(input));
        foreach (string output in _session.OutputNames)
            binding.BindOutputToDevice(output, OrtMemoryInfo.DefaultInstance);
        _session.RunWithBinding(_options, binding);
        BindOutputs(binding);
        return () => _session.RunWithBinding(_options, binding);
    }

    // The first run has shown their shapes, which stay the same with the same inputs. What is no tensor of numbers stays
    // ONNX Runtime's to allocate.
    private void BindOutputs(OrtIoBinding binding)
    {
        using IDisposableReadOnlyCollection<OrtValue> values = binding.GetOutputValues();
        for (int i = 0; i < values.Count; i++)
        {
            if (!values[i].IsTensor)
                continue;
            OrtTensorTypeAndShapeInfo info = values[i].GetTensorTypeAndShape();
            int bits = ((ElementType)info.ElementDataType).Bits();
            if (bits < 8)
                continue;
            NativeTensor own = Own(new NativeTensor(info.ElementDataType, info.Shape, info.ElementCount * bits / 8));
            binding.BindOutput(_session.OutputNames[i], own.Value);
        }
    }

    private OrtValue Tensor(InputData input)
    {
        long[] shape = [.. input.Shape.Select(d => (long)d)];
        if (input.Type == ElementType.String)
            return Own(OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, shape));
        NativeTensor tensor = Own(new NativeTensor((TensorElementType)input.Type, shape, input.Bytes.Length));
        tensor.Set(input.Bytes);
        return tensor.Value;
    }

    private T Own<T>(T value)
        where T : IDisposable
    {
        // Bindings go before the values they hold.
        _owned.Insert(value is OrtIoBinding ? 0 : _owned.Count, value);
        return value;
    }
}
