// The public surface, bodies to come; each type moves into a file of its own.
#pragma warning disable CS0169, CS0414, CS0649, CA1822, CS9113, IDE0060, IDE0044, IDE0051
using System;
using System.ComponentModel;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Generated;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;

namespace Cleave
{
    public interface IModelRunner<TInput, TOutput> : IDisposable, IAsyncDisposable
        where TOutput : IDisposable
    {
        TOutput Run(TInput input, CancellationToken cancellationToken = default);
        Task<TOutput> RunAsync(TInput input, CancellationToken cancellationToken = default);
    }

    public abstract class ModelRunner<TInput, TOutput> : IModelRunner<TInput, TOutput>
        where TOutput : IDisposable
    {
        protected ModelRunner(ModelDefinition definition, RunnerOptions? options) => throw null!;
        public TOutput Run(TInput input, CancellationToken cancellationToken = default) => throw null!;
        public Task<TOutput> RunAsync(TInput input, CancellationToken cancellationToken = default) => throw null!;
        public void Dispose() => throw null!;
        public ValueTask DisposeAsync() => throw null!;

        [EditorBrowsable(EditorBrowsableState.Never)]
        protected abstract void Bind(TInput input, ref InputBinder binder);
        [EditorBrowsable(EditorBrowsableState.Never)]
        protected abstract TOutput Collect(OutputBuffers outputs);
        // For CreateCall in generated code.
        [EditorBrowsable(EditorBrowsableState.Never)]
        protected CallBuffers Rent(ref InputBinder binder) => throw null!;
        [EditorBrowsable(EditorBrowsableState.Never)]
        protected InputBinder NewBinder() => throw null!;
    }

    // Base of the generated <Name>Call.
    public abstract class ModelCall : IDisposable
    {
        protected ModelCall(CallBuffers buffers) => throw null!;
        public void Run(CancellationToken cancellationToken = default) => throw null!;
        public void Dispose() => throw null!;
        protected Span<T> Input<T>(int index) => throw null!;
        protected ref T Scalar<T>(int index) => throw null!;
        protected OutputTensor<T> Output<T>(int index) => throw null!;
    }

    public readonly struct OutputTensor<T>
    {
        public OutputTensor(T[] data, params int[] shape) => throw null!;
        public ReadOnlySpan<T> Span => throw null!;
        public ReadOnlySpan<int> Shape => throw null!;
        public int Length => throw null!;
        public T this[int index] => throw null!;
        public T[] ToArray() => throw null!;
    }

    public sealed class ModelSource
    {
        public static ModelSource File(string path) => throw null!;
        public static ModelSource Bytes(ReadOnlyMemory<byte> model) => throw null!;
    }

    public enum WeightLoading { Auto, Copy, Map }

    public sealed class SegmentInfo
    {
        public string Model { get; } = "";
        public string Segment { get; } = "";
        public int Threads { get; }
    }

    public sealed class RunnerOptions
    {
        public ModelSource? Model { get; set; }
        public int? Cores { get; set; }
        public WeightLoading Weights { get; set; }
        public bool Slicing { get; set; } = true;
        public Action<SessionOptions, SegmentInfo>? ConfigureSession { get; set; }
        public ILogger? Logger { get; set; }
    }

    public class CleaveException : Exception
    {
        public string Id { get; } = "";
    }
}

namespace Cleave.Generated
{
    // A dimension: a number, a name, or unknown (outputs only).
    public readonly struct Dim
    {
        public static Dim Unknown => default;
        public static implicit operator Dim(long size) => throw null!;
        public static implicit operator Dim(string name) => throw null!;
    }

    // A model input or output: name, element type, shape. Half stands for float16.
    public sealed class Value
    {
        public static Value Tensor<T>(string name, params Dim[] shape) => throw null!;
        public static Value TensorOfAnyShape<T>(string name) => throw null!;
    }

    public sealed class Segment
    {
        // The nodes that form the segment, as positions in the model's node list; "*" is all.
        public Segment(string name, string nodes, Value[] reads, Value[] writes) => throw null!;
    }

    public sealed class Lane
    {
        public void Run(Segment segment) => throw null!;
    }

    public sealed class Plan
    {
        public Plan(string name, Segment[] segments, params Action<Lane>[] lanes) => throw null!;
    }

    // One row of the table of thread budgets: for so many cores this plan, with so many threads for each lane.
    public readonly struct Budget
    {
        public Budget(int cores, Plan plan, params int[] threads) => throw null!;
    }

    public sealed class ModelDefinition
    {
        public ModelDefinition(int contract, string name, string path, string hash, Value[] inputs, Value[] outputs, Budget[] budgets) => throw null!;
        // Item metadata; RunnerOptions win over them only where set. Null: not set.
        public bool? Slicing { get; init; }
        public WeightLoading? Weights { get; init; }
    }

    // Takes the dimensions and inputs of one request.
    public ref struct InputBinder
    {
        // The symbolic dimensions, in the order of their first appearance in the inputs' shapes.
        public void Dim(int size) => throw null!;
        // The shape of an input of unknown rank; after all Dim calls, in the order of the inputs.
        public void Shape(ReadOnlySpan<int> shape) => throw null!;
        // Checks the length against the shape and copies. After Dim and Shape.
        public void Copy<T>(int input, ReadOnlyMemory<T> data) => throw null!;
        public void Copy<T>(int input, T scalar) => throw null!;
    }

    // What a request has rented: bound inputs and outputs.
    public sealed class CallBuffers
    {
    }

    // The outputs of one finished request; Dispose gives the buffers back.
    public readonly struct OutputBuffers : IDisposable
    {
        public OutputTensor<T> Tensor<T>(int output) => throw null!;
        public void Dispose() => throw null!;
    }
}
