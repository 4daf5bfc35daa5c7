using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.Elements;
using Cleave.Ensembles;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>Which input of a request goes where in each member, and which output of a member where in the answer: whole requests and those that are cut.</summary>
public sealed class EnsembleValuesTests
{
    private const int Width = 3;

    private static ValueInfoProto Rows(string name, ElementType type = ElementType.Float) => Tensor(name, type, "batch", Width);

    private static float[] Values(int samples, int seed) => [.. Enumerable.Range(0, samples * Width).Select(i => (float)((i * seed) % 17))];

    private static EnsembleOptions Options(ModelProto[] models) => LooseEnsemble.With(models, new()
    {
        Ledger = Ledgers.Own(2),
        Cells = Enumerable.Range(0, models.Length).ToDictionary(static i => "m" + i, static i => new EnsembleCell(1, 1, 4 + i)),
    });

    [Theory]
    [InlineData(2)]
    [InlineData(50)]
    public void Each_member_gets_its_inputs_and_each_output_its_rule(int samples)
    {
        ModelProto[] models =
        [
            Model([Rows("a"), Rows("b")], [Rows("difference"), Rows("product")], [Node("Sub", ["a", "b"], ["difference"]), Node("Mul", ["a", "b"], ["product"])]),
            // The other way round, with an input of its own.
            Model([Rows("b"), Rows("a"), Rows("own")], [Rows("product"), Rows("difference")],
                [Node("Mul", ["a", "own"], ["product"]), Node("Add", ["a", "own"], ["sum"]), Node("Sub", ["sum", "b"], ["difference"])]),
        ];
        ModelDefinition[] d = [.. models.Select(static m => Definitions.Batched(m))];
        EnsembleDefinition definition = new(1, "Vision", [d[0].Inputs[0], d[0].Inputs[1], d[1].Inputs[2]],
            [new EnsembleMember("m0", d[0], [0, 1]), new EnsembleMember("m1", d[1], [1, 0, 2])],
            [new EnsembleOutput(d[0].Outputs[0], CombinationRule.Mean, [0, 1]), new EnsembleOutput(d[0].Outputs[1], CombinationRule.Stack, [1, 0])]);
        float[] a = Values(samples, 3), b = Values(samples, 5), own = Values(samples, 7);
        using LooseEnsemble ensemble = new(definition, Options(models), null);
        for (int i = 0; i < 3; i++)
        {
            using LooseOutput output = ensemble.Run((ref InputBinder binder) =>
            {
                binder.Dim(samples);
                binder.Copy<float>(0, a);
                binder.Copy<float>(1, b);
                binder.Copy<float>(2, own);
            });
            Assert.Equal(a.Select((x, at) => x - b[at] + own[at] / 2), output.Get<float>(0).ToArray());
            Assert.Equal([2, samples, Width], output.Get<float>(1).Shape.ToArray());
            Assert.Equal([.. a.Select((x, at) => x * b[at]), .. a.Select((x, at) => x * own[at])], output.Get<float>(1).ToArray());
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(50)]
    public void An_own_rule_may_combine_outputs_of_different_types(int samples)
    {
        ModelProto[] models =
        [
            Model([Rows("x")], [Rows("y")], [Node("Abs", ["x"], ["y"])]),
            Model([Rows("x")], [Rows("y", ElementType.Int64)], [Node("Cast", ["x"], ["y"], Int("to", 7))]),
        ];
        ModelDefinition[] d = [.. models.Select(static m => Definitions.Batched(m))];
        EnsembleDefinition definition = new(1, "Vision", d[0].Inputs, [new EnsembleMember("m0", d[0], [0]), new EnsembleMember("m1", d[1], [0])],
            [new EnsembleOutput(d[0].Outputs[0], CombinationRule.Custom, [0, 0])]);
        using LooseEnsemble ensemble = new(definition, Options(models), static (_, members) =>
        {
            float[] real = members.Tensor<float>(0).ToArray();
            long[] whole = members.Tensor<long>(1).ToArray();
            members.Set(new OutputTensor<float>([.. real.Zip(whole, static (x, y) => x + 100 * y)], members.Tensor<float>(0).Shape.ToArray()));
        });
        float[] rows = Values(samples, 3);
        using LooseOutput output = ensemble.Run((ref InputBinder binder) =>
        {
            binder.Dim(samples);
            binder.Copy<float>(0, rows);
        });
        Assert.Equal(rows.Select(static x => x * 101), output.Get<float>(0).ToArray());
    }

    [Fact]
    public void Members_read_the_inputs_where_they_lie()
    {
        ModelProto model = Models.Times(2);
        ModelDefinition definition = Definitions.Of(model);
        using MemberModel member = new(new EnsembleMember("m0", definition, [0]), new RunnerOptions { Model = ModelSource.Bytes(model.ToByteArray()), Ledger = Ledgers.Own(1) });
        using InputSlot input = definition.Inputs[0].Element.NewInput("x", [4], 4);
        CallBuffers buffers = member.NewBuffers([input]);
        Assert.True(Unsafe.AreSame(ref First(input), ref First(buffers.Inputs[0])));
        buffers.Leave();

        static ref byte First(InputSlot slot) => ref MemoryMarshal.GetReference(slot.Tensor.GetTensorMutableRawData());
    }
}
