using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using Cleave.Core.Graph;
using Cleave.Core.Placement;
using Cleave.OnnxProto;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Core.Tests.Placement;

/// <summary>The table of the CUDA provider's kernels: which types and versions it serves, and that its versions are those of ONNX Runtime.</summary>
public sealed class CudaKernelsTests
{
    private const int Float = 1, UInt8 = 2, Int8 = 3, Int32 = 6, Int64 = 7, Bool = 9, Half = 10, Double = 11;

    [Theory]
    [InlineData("MatMulInteger", 17, Int8, Int32, true)]
    [InlineData("MatMulInteger", 17, UInt8, Int32, false)]
    [InlineData("DequantizeLinear", 17, UInt8, Float, true)]
    [InlineData("DequantizeLinear", 17, Int32, Float, false)]
    [InlineData("Clip", 17, Float, Float, true)]
    [InlineData("Clip", 17, Int64, Int64, true)]
    [InlineData("Clip", 17, Int32, Int32, false)]
    [InlineData("Clip", 11, Half, Half, false)]
    [InlineData("Relu", 17, Half, Half, true)]
    [InlineData("Relu", 17, Int32, Int32, false)]
    [InlineData("Relu", 17, Double, Double, false)]
    [InlineData("Pad", 17, Bool, Bool, true)]
    [InlineData("Pad", 17, Int64, Int64, false)]
    [InlineData("Max", 17, Int32, Int32, true)]
    [InlineData("Max", 17, Int8, Int8, false)]
    [InlineData("Min", 17, UInt8, UInt8, false)]
    [InlineData("ReduceMean", 17, Int32, Int32, true)]
    [InlineData("ReduceMean", 17, Int64, Int64, false)]
    [InlineData("ReduceProd", 17, Int64, Int64, false)]
    [InlineData("ReduceSum", 17, Int64, Int64, true)]
    [InlineData("Cast", 17, Bool, Float, true)]
    [InlineData("Cast", 17, 8, Int64, false)]
    [InlineData("Det", 17, Float, Float, false)]
    [InlineData("Relu", 17, 0, 0, false)]
    public void Types_are_those_of_the_kernels(string operation, int operatorSet, int input, int output, bool serves) =>
        Assert.Equal(serves, Serves(operation, operatorSet, input, output));

    [Theory]
    // Open kernels of a version that a newer one took the place of in 22.
    [InlineData("MaxPool", 21, true)]
    [InlineData("MaxPool", 22, false)]
    [InlineData("MaxPool", 26, false)]
    [InlineData("Elu", 21, true)]
    [InlineData("Elu", 22, false)]
    [InlineData("Selu", 22, false)]
    [InlineData("Dropout", 21, true)]
    [InlineData("Dropout", 22, false)]
    [InlineData("InstanceNormalization", 22, false)]
    // Open kernels of the newest version.
    [InlineData("Relu", 13, true)]
    [InlineData("Relu", 26, true)]
    [InlineData("Softmax", 26, true)]
    [InlineData("GlobalAveragePool", 21, true)]
    [InlineData("GlobalAveragePool", 22, true)]
    // Versions below those of the kernels, and between them.
    [InlineData("Relu", 5, false)]
    [InlineData("Sign", 9, false)]
    [InlineData("Sign", 13, true)]
    [InlineData("Upsample", 9, true)]
    [InlineData("Upsample", 10, false)]
    [InlineData("Gelu", 19, false)]
    // A newer operator set than the table's.
    [InlineData("Relu", 27, false)]
    [InlineData("Relu", 0, false)]
    public void Versions_are_those_of_the_kernels(string operation, int operatorSet, bool serves) =>
        Assert.Equal(serves, Serves(operation, operatorSet, Float, Float));

    [Fact]
    public void All_inputs_and_outputs_count()
    {
        Node topK = new("", "TopK", "", ["x", "l"], ["x", "l"], []);
        Assert.True(CudaKernels.Serves(topK, 24, Type));
        Assert.False(CudaKernels.Serves(new("", "TopK", "", ["x", "i"], ["x", "l"], []), 24, Type));
        Assert.False(CudaKernels.Serves(new("", "TopK", "", ["x", "l"], ["x", "i"], []), 24, Type));
        // What is left out has no type.
        Assert.True(CudaKernels.Serves(new("", "LSTM", "", ["x", "x", "x", "", "i"], ["x"], []), 22, Type));
        Assert.False(CudaKernels.Serves(new("", "LSTM", "", ["x", "x", "x", "", "l"], ["x"], []), 22, Type));
        // All values that follow are like the last of the table.
        Assert.False(CudaKernels.Serves(new("", "Concat", "", ["x", "x", "x", "d"], ["x"], []), 17, Type));

        static ElementType Type(string name) => name switch { "x" => ElementType.Float, "l" => ElementType.Int64, "i" => ElementType.Int32, _ => ElementType.Double };
    }

    [Fact]
    public void Kernels_are_of_versions_that_there_are_and_do_not_overlap()
    {
        Assert.All(CudaKernels.Operators, o =>
        {
            Assert.Equal(o.Versions.OrderBy(v => v), o.Versions);
            int last = 0;
            foreach ((int first, int end) in o.Ranges)
            {
                Assert.True(first > last && end >= first, o.Name);
                Assert.True(o.Versions.Contains(first), $"{o.Name} {first}");
                last = end;
            }
        });
    }

    // ONNX has no Upsample from 10 on; of HardSwish ONNX Runtime's CPU provider makes other operators.
    private static IEnumerable<CudaKernels> Written(int operatorSet) => CudaKernels.Operators.Where(o => o.Versions[0] <= operatorSet && o.Name is not ("Upsample" or "HardSwish"));

    // The schema of each operator in the operator sets from 13 on, as a model says it that ONNX Runtime writes in its own format: it names them with their versions.
    [Fact]
    public void Versions_of_schemas_are_those_of_onnx_runtime()
    {
        List<string> wrong = [];
        for (int operatorSet = 13; operatorSet <= CudaKernelTable.NewestOperatorSet; operatorSet++)
        {
            ILookup<string, int> found = SchemasIn(operatorSet).ToLookup(f => f.Name, f => f.Version);
            foreach (CudaKernels known in Written(operatorSet))
            {
                int expected = known.Versions.Last(v => v <= operatorSet);
                if (!found[known.Name].Contains(expected))
                    wrong.Add($"{known.Name} in {operatorSet}: {expected}, not {string.Join(' ', found[known.Name])}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static IEnumerable<(string Name, int Version)> SchemasIn(int operatorSet)
    {
        GraphProto graph = new()
        {
            Name = "all",
            Input = { Make.Typed("x", Float, 1, 4, 4, 4), Make.Typed("b", Bool, 1, 4, 4, 4), Make.Typed("s", Int8, 4, 4), Make.Typed("t", Float, 4, 1, 4) },
            Initializer =
            {
                Make.Floats("four", [4], 1, 1, 1, 1), Make.Floats("one", [], 1), Make.Floats("wLSTM", [1, 16, 4], new float[64]), Make.Floats("wGRU", [1, 12, 4], new float[48]), Make.Floats("wRNN", [1, 4, 4], new float[16]),
                Make.Floats("k2", [4, 4], new float[16]), Make.Floats("k", [4, 4, 1, 1], new float[16]),
            },
        };
        AddConstants(graph);
        graph.Node.Add(Written(operatorSet).Select(o => Example(o.Name)));
        graph.Output.Add(graph.Node.SelectMany(n => n.Output).Select(o => new ValueInfoProto { Name = o }));
        using TempFolder folder = new();
        string path = Path.Combine(folder.Path, "model.ort");
        using SessionOptions options = new()
        {
            IntraOpNumThreads = 1,
            OptimizedModelFilePath = path,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        options.AddSessionConfigEntry("session.save_model_format", "ORT");
        new InferenceSession(Make.Model(graph, 10, operatorSet).ToByteArray(), options).Dispose();
        foreach (Match match in Regex.Matches(Encoding.Latin1.GetString(File.ReadAllBytes(path)), ":([A-Za-z0-9]+):([0-9]+)"))
            yield return (match.Groups[1].Value, int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));
    }

    private static void AddConstants(GraphProto graph)
    {
        foreach ((string name, long[] dims, long[] values) in new (string, long[], long[])[]
        {
            ("shape", [4], [1, 4, 4, 4]), ("axis", [1], [0]), ("axis0", [], [0]), ("ends", [1], [1]), ("pads", [8], [0, 0, 0, 0, 0, 0, 0, 0]), ("halves", [2], [2, 2]), ("count", [1], [1]),
            ("places", [1, 4, 4, 4], new long[64]), ("place", [1, 1], [0]), ("times", [4], [1, 1, 1, 1]),
        })
        {
            graph.Initializer.Add(new TensorProto { Name = name, DataType = Int64, Dims = { dims }, Int64Data = { values } });
        }
        graph.Initializer.Add(new TensorProto { Name = "zero8", DataType = UInt8, Int32Data = { 0 } });
        graph.Initializer.Add(new TensorProto { Name = "bytes", DataType = UInt8, Dims = { 4 }, Int32Data = { 0, 0, 0, 0 } });
    }

    private static NodeProto Example(string operation)
    {
        string[] y = [operation];
        return operation switch
        {
            "And" or "Or" or "Xor" => Make.Node(operation, ["b", "b"], y),
            "Not" => Make.Node(operation, ["b"], y),
            "Add" or "Sub" or "Mul" or "Div" or "Pow" or "Equal" or "Greater" or "GreaterOrEqual" or "Less" or "LessOrEqual" or "Max" or "Min" or "Sum" or "MatMul" or "PRelu"
                => Make.Node(operation, ["x", "x"], y),
            "AveragePool" or "MaxPool" => Make.Node(operation, ["x"], y, Make.Ints("kernel_shape", 2, 2)),
            "BatchNormalization" => Make.Node(operation, ["x", "four", "four", "four", "four"], y),
            "Cast" => Make.Node(operation, ["x"], y, Make.Int("to", Int64)),
            "Concat" => Make.Node(operation, ["x", "x"], y, Make.Int("axis", 0)),
            "Conv" or "ConvTranspose" => Make.Node(operation, ["x", "k"], y),
            "CumSum" => Make.Node(operation, ["x", "axis0"], y),
            "DepthToSpace" or "SpaceToDepth" => Make.Node(operation, ["x"], y, Make.Int("blocksize", 2)),
            "DequantizeLinear" => Make.Node(operation, ["bytes", "one", "zero8"], y),
            "QuantizeLinear" => Make.Node(operation, ["x", "one", "zero8"], y),
            "Einsum" => Make.Node(operation, ["x"], y, Make.Text("equation", "abcd->dcba")),
            "Expand" or "Reshape" => Make.Node(operation, ["x", "shape"], y),
            "GRU" or "LSTM" or "RNN" => Make.Node(operation, ["t", "w" + operation, "w" + operation], y, Make.Int("hidden_size", 4)),
            "Gather" => Make.Node(operation, ["x", "axis"], y),
            "GatherElements" => Make.Node(operation, ["x", "places"], y),
            "GatherND" => Make.Node(operation, ["x", "place"], y),
            "Gemm" => Make.Node(operation, ["k2", "k2"], y),
            "InstanceNormalization" => Make.Node(operation, ["x", "four", "four"], y),
            "LRN" => Make.Node(operation, ["x"], y, Make.Int("size", 3)),
            "LayerNormalization" => Make.Node(operation, ["x", "four"], y),
            "MatMulInteger" => Make.Node(operation, ["s", "s"], y),
            "Mod" => Make.Node(operation, ["x", "x"], y, Make.Int("fmod", 1)),
            "Pad" => Make.Node(operation, ["x", "pads"], y),
            "Resize" => Make.Node(operation, ["x", "", "four"], y),
            "ScatterElements" => Make.Node(operation, ["x", "places", "x"], y),
            "ScatterND" => Make.Node(operation, ["x", "place", "x"], y),
            "Slice" => Make.Node(operation, ["x", "axis", "ends"], y),
            "Split" => Make.Node(operation, ["x", "halves"], ["Split", "Split2"], Make.Int("axis", 1)),
            "Squeeze" or "Unsqueeze" => Make.Node(operation, ["x", "axis"], y),
            "Tile" => Make.Node(operation, ["x", "times"], y),
            "TopK" => Make.Node(operation, ["x", "count"], ["TopK", "TopK2"]),
            "Where" => Make.Node(operation, ["b", "x", "x"], y),
            _ => Make.Node(operation, ["x"], y),
        };
    }

    private static bool Serves(string operation, int operatorSet, int input, int output) =>
        CudaKernels.Serves(new Node("", operation, "", ["x"], ["y"], []), operatorSet, name => (ElementType)(name == "x" ? input : output));
}
