using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Cleave.TestKit.Catalog;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;
using Xunit.Abstractions;

namespace Cleave.Models.Tests.Shapes;

/// <summary>
/// Shapes of the graphs that ONNX Runtime runs in the end: the cost model predicts from them. Tensors with channels in blocks
/// count only if they are wrong: the size of a block is the processor's, and the file does not say it.
/// </summary>
public sealed class OptimisedShapeTests(ITestOutputHelper output)
{
    /// <summary>Without those whose folded weights are hundreds of megabytes, and whose operators others have, too.</summary>
    public static TheoryData<string> Models =>
        [.. ShapeComparison.Names.Where(m => m is not ("light_vgg19" or "light_zfnet512" or "light_bvlc_alexnet" or "bert_6x768"))];

    [Theory]
    [MemberData(nameof(Models))]
    public void No_value_of_the_graph_that_ONNX_Runtime_makes_has_another_shape_or_type(string name)
    {
        CatalogModel catalogued = ModelCatalog.Get(name);
        string path = catalogued.Write(ModelCatalog.Folder);
        byte[] file = ShapeComparison.Named(ModelProto.Parser.ParseFrom(File.ReadAllBytes(path))).ToByteArray();
        foreach (GraphOptimizationLevel level in new[] { GraphOptimizationLevel.ORT_ENABLE_EXTENDED, GraphOptimizationLevel.ORT_ENABLE_ALL })
        {
            ModelProto optimised = RuntimeShapes.Optimised(file, level);
            output.WriteLine(string.Join(", ", optimised.Graph.Node.Where(n => n.Domain.Length > 0).GroupBy(n => n.Domain + "/" + n.OpType).Select(g => $"{g.Key} {g.Count()}")));
            OnnxModel model = ModelReader.Read(ByteSource.FromBytes(optimised.ToByteArray()), CancellationToken.None);
            HashSet<string> blocked = Blocked(optimised.Graph);
            int unknown = new ShapeComparison(output).Unknown(catalogued, path, optimised, ShapeInference.Infer(model)).Count(v => !blocked.Contains(v));
            Assert.True(unknown <= ShapeComparison.MostUnknown.GetValueOrDefault(name), $"{unknown} values of {name} are unknown");
        }
    }

    // Between the operators that reorder others may stand: sums, activations.
    private static HashSet<string> Blocked(GraphProto graph)
    {
        HashSet<string> blocked = [];
        foreach (NodeProto node in graph.Node)
        {
            if (node.OpType != "ReorderOutput" && (node.Domain == Domains.Blocked || node.Input.Any(blocked.Contains)))
                blocked.UnionWith(node.Output);
        }
        return blocked;
    }
}
