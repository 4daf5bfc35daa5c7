using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Generated;
using Cleave.OnnxProto;
using Google.Protobuf;

namespace Cleave.Runtime.Tests.Support;

/// <summary>Gives the dimensions and inputs of one request, as generated code does.</summary>
internal delegate void Request(ref InputBinder binder);

/// <summary>A runner for any model, in the form of generated code but without names.</summary>
internal sealed class LooseRunner(ModelDefinition definition, RunnerOptions? options = null)
    : ModelRunner<Request, LooseOutput>(definition, options)
{
    public LooseCall CreateCall(Request dims)
    {
        InputBinder binder = NewBinder();
        dims(ref binder);
        return new LooseCall(Rent(ref binder));
    }

    /// <summary>One part of a job, with its inputs.</summary>
    public CallBuffers Bound(Request input)
    {
        InputBinder binder = NewBinder();
        input(ref binder);
        return (CallBuffers)binder.Finish();
    }

    protected override void Bind(Request input, ref InputBinder binder) => input(ref binder);

    protected override LooseOutput Collect(OutputBuffers outputs) => new(outputs);

    public static LooseRunner Of(ModelProto model, RunnerOptions? options = null) => Of(Definitions.Of(model), model, options);

    public static LooseRunner Of(ModelDefinition definition, ModelProto model, RunnerOptions? options = null)
    {
        options ??= new RunnerOptions();
        options.Model ??= ModelSource.Bytes(model.ToByteArray());
        return new LooseRunner(definition, options);
    }
}

internal sealed class LooseOutput(OutputBuffers buffers) : IDisposable
{
    public OutputTensor<T> Get<T>(int output) => buffers.Tensor<T>(output);

    public void Dispose() => buffers.Dispose();
}

internal sealed class LooseCall(CallBuffers buffers) : ModelCall(buffers)
{
    public Span<T> In<T>(int index) => Input<T>(index);

    public ref T One<T>(int index) => ref Scalar<T>(index);

    public OutputTensor<T> Out<T>(int index) => Output<T>(index);
}

/// <summary>What the generator would say of a model.</summary>
internal static class Definitions
{
    public static ModelDefinition Of(ModelProto model, Budget[]? budgets = null) => Of(model.ToByteArray(), budgets);

    public static ModelDefinition OfFile(string path) => Of(File.ReadAllBytes(path));

    public static ModelDefinition Of(byte[] bytes, Budget[]? budgets = null, int contract = 1, string? hash = null, string path = "models/test.onnx")
    {
        OnnxModel model = ModelReader.Read(ByteSource.FromBytes(bytes), CancellationToken.None);
        HashSet<string> constants = [.. model.Graph.Initializers.Select(i => i.Name)];
        Value[] inputs = [.. model.Graph.Inputs.Where(i => !constants.Contains(i.Name)).Select(i => ValueOf(i, "d_" + i.Name))];
        Value[] outputs = [.. model.Graph.Outputs.Select(o => ValueOf(o, null))];
        return new(contract, "test", path, hash ?? ListingWriter.Hash(model), inputs, outputs, budgets ?? [new(1, Whole(inputs, outputs), 1)]);
    }

    /// <summary>The same of a model whose batch is the first axis of every input and output.</summary>
    public static ModelDefinition Batched(ModelProto model, string dimension = "batch")
    {
        ModelDefinition plain = Of(model);
        return new(1, "test", plain.Path, plain.Hash, plain.Inputs, plain.Outputs, [new(1, Whole(plain.Inputs, plain.Outputs), 1)])
        {
            Batch = new BatchAxis(dimension, new int[plain.Inputs.Length], new int[plain.Outputs.Length], new BatchGain(1000, 8, 2)),
        };
    }

    /// <summary>The same, with outputs of which it is said that calls of equal dimensions give them equal shapes, right or wrong.</summary>
    public static ModelDefinition Steady(ModelProto model)
    {
        ModelDefinition plain = Of(model);
        Value[] outputs = Array.ConvertAll(plain.Outputs, static v => v.ShapedByInputs());
        return new(1, "test", plain.Path, plain.Hash, plain.Inputs, outputs, [new(1, Whole(plain.Inputs, outputs), 1)]);
    }

    public static Plan Whole(Value[] inputs, Value[] outputs)
    {
        Segment whole = new("Whole", "*", inputs, outputs);
        return new Plan("Whole", [whole], lane => lane.Run(whole));
    }

    private static Value ValueOf(ValueInfo info, string? nameless)
    {
        OnnxType.Tensor type = (OnnxType.Tensor)info.Type;
        Dim[]? shape = type.Shape?.Select((d, i) =>
            d.Value is { } size ? size : d.Name is { } name ? name : nameless is null ? Dim.Unknown : (Dim)(nameless + i)).ToArray();
        return Value.Of(info.Name, type.Element, shape);
    }
}
