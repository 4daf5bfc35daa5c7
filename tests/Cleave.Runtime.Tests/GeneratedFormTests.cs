using System.Threading.Tasks;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>Code in the form of docs/generated-code.md compiles against the runtime and does what it says.</summary>
public sealed class GeneratedFormTests
{
    [Fact]
    public async Task As_an_application_uses_it()
    {
        ModelProto model = Models.Bert();
        await using BertRunner runner = new(Definitions.Of(model).Hash, new RunnerOptions { Model = ModelSource.Bytes(model.ToByteArray()) });
        using BertOutput output = await runner.RunAsync(new BertInput(batch: 1, sequence: 2) { InputIds = new long[] { 1, 2 }, Sr = 10 });
        Assert.Equal([11f, 12], output.Embedding.ToArray());
        using (BertCall call = runner.CreateCall(batch: 1, sequence: 2))
        {
            call.InputIds[0] = 5;
            call.InputIds[1] = 6;
            call.Sr = 1;
            call.Run();
            Assert.Equal(7f, call.Embedding[1]);
        }
        using BertOutput made = new() { Embedding = new OutputTensor<float>([1, 2], 1, 2) };
        Assert.Equal(2f, made.Embedding[1]);
        IModelRunner<BertInput, BertOutput> testable = runner;
        testable.Run(new BertInput(0, 0) { InputIds = default, Sr = 0 }).Dispose();
    }

    internal sealed class BertRunner(string hash, RunnerOptions? options = null) : ModelRunner<BertInput, BertOutput>(Definition(hash), options)
    {
        private static readonly Value InputIds = Value.Tensor<long>("input_ids", "batch", "sequence");
        private static readonly Value Sr = Value.Tensor<long>("sr");
        private static readonly Value Embedding = Value.Tensor<float>("embedding", "batch", "sequence");

        private static readonly Budget[] Budgets =
        {
            new(1, WholePlan.Plan, 1),
            new(2, WholePlan.Plan, 2),
        };

        public BertCall CreateCall(int batch, int sequence)
        {
            InputBinder binder = NewBinder();
            binder.Dim(batch);
            binder.Dim(sequence);
            return new BertCall(Rent(ref binder));
        }

        protected override void Bind(BertInput input, ref InputBinder binder)
        {
            binder.Dim(input.Batch);
            binder.Dim(input.Sequence);
            binder.Copy(0, input.InputIds);
            binder.Copy(1, input.Sr);
        }

        protected override BertOutput Collect(OutputBuffers outputs) => new(outputs);

        private static ModelDefinition Definition(string hash) => new(
            contract: 1,
            name: "bert",
            path: "models/MyApp/models/bert.onnx",
            hash: hash,
            inputs: new[] { InputIds, Sr },
            outputs: new[] { Embedding },
            budgets: Budgets);

        private static class WholePlan
        {
            private static readonly Segment Whole = new("Whole", "*", reads: new[] { InputIds, Sr }, writes: new[] { Embedding });

            internal static readonly Plan Plan = new("Whole", new[] { Whole }, Trunk);

            private static void Trunk(Lane lane) => lane.Run(Whole);
        }
    }

    internal sealed class BertInput(int batch, int sequence)
    {
        public int Batch { get; } = batch;

        public int Sequence { get; } = sequence;

        public required System.ReadOnlyMemory<long> InputIds { get; set; }

        public required long Sr { get; set; }
    }

    internal sealed class BertOutput : System.IDisposable
    {
        private readonly OutputBuffers _buffers;
        private readonly OutputTensor<float> _tensor0;

        public BertOutput() => _buffers = OutputBuffers.Made(nameof(BertOutput));

        internal BertOutput(OutputBuffers buffers)
        {
            _buffers = buffers;
            _tensor0 = buffers.Tensor<float>(0);
        }

        public OutputTensor<float> Embedding { get => _tensor0; init => _tensor0 = _buffers.Given(value); }

        public void Dispose() => _buffers.Dispose();
    }

    internal sealed class BertCall(CallBuffers buffers) : ModelCall(buffers)
    {
        public System.Span<long> InputIds => Input<long>(0);

        public ref long Sr => ref Scalar<long>(1);

        public OutputTensor<float> Embedding => Output<float>(0);
    }
}
