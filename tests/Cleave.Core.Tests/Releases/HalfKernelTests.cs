using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.Core.Releases;
using Cleave.Core.Tests.Slicing;
using Cleave.OnnxProto;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Core.Tests.Releases;

/// <summary>Which operators take floats of 16 bits, as the graphs say that ONNX Runtime makes: it puts casts around the others.</summary>
public sealed class HalfKernelTests
{
    private static readonly Dictionary<string, NodeProto> Nodes = new NodeProto[]
    {
        Make.Node("Concat", ["x", "x"], ["y"], Make.Int("axis", 0)), Make.Node("Expand", ["x", "four"], ["y"]), Make.Node("Flatten", ["x"], ["y"]),
        Make.Node("Gather", ["x", "zero"], ["y"]), Make.Node("GatherElements", ["x", "places"], ["y"]), Make.Node("GatherND", ["x", "place"], ["y"]), Make.Node("Identity", ["x"], ["y"]),
        Make.Node("Reshape", ["x", "four"], ["y"]), Make.Node("ScatterElements", ["x", "places", "x"], ["y"]), Make.Node("ScatterND", ["x", "place", "x"], ["y"]),
        Make.Node("Slice", ["x", "zero", "one"], ["y"]), Make.Node("Split", ["x"], ["y", "z"], Make.Int("axis", 1)), Make.Node("Squeeze", ["x", "zero"], ["y"]),
        Make.Node("Transpose", ["x"], ["y"]), Make.Node("Unsqueeze", ["x", "zero"], ["y"]),
        Make.Node("MatMul", ["x", "square"], ["y"]), Make.Node("Gemm", ["x", "square"], ["y"]), Make.Node("Add", ["x", "x"], ["y"]), Make.Node("Mul", ["x", "x"], ["y"]),
        Make.Node("Softmax", ["x"], ["y"]), Make.Node("Sigmoid", ["x"], ["y"]), Make.Node("Relu", ["x"], ["y"]), Make.Node("Conv", ["image", "filter"], ["y"]),
        Make.Node("Erf", ["x"], ["y"]), Make.Node("ReduceMean", ["x"], ["y"]),
    }.ToDictionary(n => n.OpType);

    public static TheoryData<string> Types => [.. Nodes.Keys];

    [SkippableTheory]
    [MemberData(nameof(Types))]
    public void The_table_says_what_the_optimised_graph_says(string type)
    {
        Skip.IfNot(RuntimeInformation.ProcessArchitecture == Architecture.X64, "the table is for x64");
        bool missing = HalfKernels.Missing(HalfKernels.X64, [("", type)]).Count > 0;
        Assert.Equal(missing, Optimised(Nodes[type]).Any(n => n.OpType == "Cast"));
    }

    [Fact]
    public void What_moves_is_tested() => Assert.Empty(HalfKernels.Everywhere.Except(["Cast", "Constant", "ConstantOfShape", "Shape", "Size"]).Except(Nodes.Keys));

    [Fact]
    public void Of_other_processors_nothing_is_known_to_be_missing() => Assert.Empty(HalfKernels.Missing("arm64", [("", "MatMul")]));

    private static IEnumerable<NodeProto> Optimised(NodeProto node)
    {
        const int Half = (int)ElementType.Float16;
        GraphProto graph = new()
        {
            Name = "g",
            Input = { Make.Typed("x", Half, 1, 4), Make.Typed("image", Half, 1, 4, 8, 8) },
            Node = { node },
            Initializer =
            {
                HalfModels.Halves("square", [4, 4], new float[16]), HalfModels.Halves("filter", [4, 4, 3, 3], new float[144]),
                Longs("four", 1, 4), Longs("zero", 0), Longs("one", 1), Longs2("places", 1, 4), Longs2("place", 1, 1),
            },
        };
        graph.Output.Add(node.Output.Select(o => new ValueInfoProto { Name = o }));
        using TempFolder folder = new();
        string path = Path.Combine(folder.Path, "optimised.onnx");
        using (SessionOptions options = new() { IntraOpNumThreads = 1, OptimizedModelFilePath = path, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL })
            new InferenceSession(Make.Model(graph).ToByteArray(), options).Dispose();
        return ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)).Graph.Node;
    }

    private static TensorProto Longs(string name, params long[] values) => new() { Name = name, DataType = (int)ElementType.Int64, Dims = { values.Length }, Int64Data = { values } };

    private static TensorProto Longs2(string name, long rows, long columns) => new() { Name = name, DataType = (int)ElementType.Int64, Dims = { rows, columns }, Int64Data = { new long[rows * columns] } };
}
