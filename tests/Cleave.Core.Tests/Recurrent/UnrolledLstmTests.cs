using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Tests.Slicing;
using Cleave.OnnxProto;
using Cleave.TestKit.Synthetic;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Xunit;
using RecurrentModel = Cleave.TestKit.Synthetic.Recurrent;

namespace Cleave.Core.Tests.Recurrent;

/// <summary>The unrolled form that benchmarks compare with computes the same.</summary>
public sealed class UnrolledLstmTests
{
    [Fact]
    public void It_gives_what_the_recurrent_nodes_give()
    {
        ModelProto model = new RecurrentModel("LSTM", 2, 12, 7).Stacked(), unrolled = UnrolledLstm.Of(model, 7);
        Assert.DoesNotContain(unrolled.Graph.Node, n => n.OpType == "LSTM");
        Assert.Contains(model.Graph.Node, n => n.OpType == "LSTM");
        using InferenceSession session = Ort.Open(model.ToByteArray()), other = Ort.Open(unrolled.ToByteArray());
        NamedOnnxValue[] inputs = [.. Ort.RandomInputs(session, 3, static (_, _) => 1).Values];
        Dictionary<string, NamedOnnxValue> expected = Ort.Run(session, inputs), found = Ort.Run(other, inputs);
        foreach ((string name, NamedOnnxValue value) in expected)
        {
            Tensor<float> wanted = value.AsTensor<float>(), got = found[name].AsTensor<float>();
            Assert.Equal(wanted.Dimensions.ToArray(), got.Dimensions.ToArray());
            Assert.All(wanted.Zip(got), pair => Assert.True(Math.Abs(pair.First - pair.Second) <= 1e-5f));
        }
    }
}
