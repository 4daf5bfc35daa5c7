using System;
using System.IO;
using System.Runtime.InteropServices;
using Cleave.Core.Diagnostics;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Tests.Shapes;
using Cleave.OnnxProto;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Core.Tests.Slicing;

/// <summary>Where a sub-model's weights lie: in it, mapped from the model's file, or in the files beside it.</summary>
public class SegmentWeightTests
{
    [Fact]
    public void Large_tensors_are_mapped_and_small_ones_copied()
    {
        using TempFolder folder = new();
        ModelProto model = LargeAndSmall();
        string path = folder.File("m ö#.onnx", model.ToByteArray());
        SubModel sub = Slices.OfFile(path, WeightMode.Map);
        Assert.Equal(2, sub.MappedTensors);
        Assert.True(sub.ReadsFiles);
        Assert.True(sub.Bytes.Length < 4000);
        using InferenceSession mapped = Ort.Open(sub.Bytes, folder.Path);
        using InferenceSession whole = Ort.OpenFile(path);
        NamedOnnxValue[] inputs = [.. Ort.RandomInputs(whole, 3, (_, _) => 1).Values];
        Ort.Equal(Ort.Run(whole, inputs), Ort.Run(mapped, inputs));
        SubModel copied = Slices.OfFile(path, WeightMode.Copy);
        Assert.Equal((0, false), (copied.MappedTensors, copied.ReadsFiles));
    }

    [Fact]
    public void Data_that_only_a_function_has_outside_is_noted()
    {
        using TempFolder folder = new();
        float[] numbers = [1, 2, 3, 4];
        folder.File("w.bin", MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray());
        NodeProto constant = Make.Node("Constant", [], ["c"], new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = Make.External("", [1, 4], "w.bin") });
        ModelProto model = Make.Model(Infer.Graph([Infer.Input("x", 1, 1, 4)], [], [new NodeProto { OpType = "Shift", Domain = "own", Input = { "x" }, Output = { "y" } }]));
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "own", Version = 1 });
        model.Functions.Add(new FunctionProto { Name = "Shift", Domain = "own", Input = { "a" }, Output = { "b" }, Node = { constant, Make.Node("Add", ["a", "c"], ["b"]) }, OpsetImport = { new OperatorSetIdProto { Version = 17 } } });
        Assert.True(Slices.OfFile(folder.File("m.onnx", model.ToByteArray()), WeightMode.Copy).ReadsFiles);
        Assert.Equal(Rules.ExternalDataMissing.Id, Assert.Throws<ModelException>(() => Slices.OfBytes(model.ToByteArray())).Problem.Rule.Id);
    }

    [Theory]
    [InlineData("w.bin")]
    [InlineData("sub/./w.bin")]
    public void External_data_is_copied_or_pointed_to(string location)
    {
        using TempFolder folder = new();
        ModelProto model = LargeAndSmall();
        byte[] data = [1, 2, 3, .. model.Graph.Initializer[0].RawData.ToByteArray()];
        folder.File(location, data);
        model.Graph.Initializer[0] = Make.External("big", [64, 100], location, ("offset", "3"), ("length", "25600"));
        string path = folder.File("m.onnx", model.ToByteArray());
        using InferenceSession whole = Ort.OpenFile(path);
        NamedOnnxValue[] inputs = [.. Ort.RandomInputs(whole, 3, (_, _) => 1).Values];
        var expected = Ort.Run(whole, inputs);
        SubModel copied = Slices.OfFile(path, WeightMode.Copy);
        Assert.False(copied.ReadsFiles);
        using InferenceSession copy = Ort.Open(copied.Bytes);
        Ort.Equal(expected, Ort.Run(copy, inputs));
        using InferenceSession map = Ort.Open(Slices.OfFile(path, WeightMode.Map).Bytes, folder.Path);
        Ort.Equal(expected, Ort.Run(map, inputs));

        ModelException inMemory = Assert.Throws<ModelException>(() => Slices.OfBytes(model.ToByteArray()));
        Assert.Equal(Rules.ExternalDataMissing, inMemory.Problem.Rule);
        File.WriteAllBytes(Path.Combine(folder.Path, location), new byte[100]);
        Assert.Equal(Rules.ExternalDataTooShort, Assert.Throws<ModelException>(() => Slices.OfFile(path, WeightMode.Copy)).Problem.Rule);
    }

    [Theory]
    [InlineData("../w.bin")]
    [InlineData("/w.bin")]
    [InlineData("*/_ORT_MEM_ADDR_/*")]
    public void External_data_outside_the_folder_is_refused(string location)
    {
        using TempFolder folder = new();
        ModelProto model = LargeAndSmall();
        model.Graph.Initializer[0] = Make.External("big", [64, 100], location);
        string path = folder.File("m.onnx", model.ToByteArray());
        foreach (WeightMode mode in new[] { WeightMode.Copy, WeightMode.Map })
            Assert.Equal(Rules.ExternalDataOutside, Assert.Throws<ModelException>(() => Slices.OfFile(path, mode)).Problem.Rule);
    }

    private static ModelProto LargeAndSmall()
    {
        TensorProto packed = Make.RandomFloats("packed", 2, 100, 64);
        float[] values = MemoryMarshal.Cast<byte, float>(packed.RawData.Span).ToArray();
        packed.RawData = ByteString.Empty;
        packed.FloatData.Add(values);
        return Make.Model(new GraphProto
        {
            Name = "g",
            Input = { Make.Value("x", 1, 64) },
            Output = { Make.Value("y", 1, 64) },
            Initializer = { Make.RandomFloats("big", 1, 64, 100), packed, Make.RandomFloats("small", 3, 1, 64) },
            Node =
            {
                Make.Node("MatMul", ["x", "big"], ["a"]),
                Make.Node("MatMul", ["a", "packed"], ["b"]),
                Make.Node("Add", ["b", "small"], ["y"]),
            },
        });
    }
}
