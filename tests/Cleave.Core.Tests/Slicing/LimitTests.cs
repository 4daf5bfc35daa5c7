using System;
using System.IO;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Onnx.Slicing;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Slicing;

/// <summary>Models over 2 GB, of files with holes in place of weights.</summary>
public class LimitTests
{
    [Fact]
    public void Three_gigabytes_are_mapped_and_not_copied()
    {
        using TempFolder folder = new();
        string path = LargeModel.Write(folder, 3000L << 20, nodes: 900, initializers: 300);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Problem problem = Assert.Throws<ModelException>(() => Slices.OfFile(path, WeightMode.Copy)).Problem;
        Assert.Equal(Rules.SegmentRefused, problem.Rule);
        Assert.Contains("2 GB", problem.Arguments[1]);
        SubModel sub = Slices.OfFile(path, WeightMode.Map);
        Assert.Equal(300, sub.MappedTensors);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000_000);
        TensorProto last = ModelProto.Parser.ParseFrom(sub.Bytes).Graph.Initializer.Single(i => i.Name == "features.weight299");
        Assert.Equal(Path.GetFileName(path), last.ExternalData.Single(e => e.Key == "location").Value);
        Assert.True(long.Parse(last.ExternalData.Single(e => e.Key == "offset").Value) > int.MaxValue);
    }

    [Fact]
    public void Body_of_more_than_a_gigabyte_is_refused()
    {
        const long Elements = 300L << 20;
        using TempFolder folder = new();
        string path = Path.Combine(folder.Path, "body.onnx");
        byte[] raw = LargeModel.Prefix(9, Elements * 4);
        byte[] tensor = [.. new TensorProto { Name = "big", DataType = 1, Dims = { Elements } }.ToByteArray(), .. raw];
        byte[] initializer = [.. LargeModel.Prefix(5, tensor.Length + Elements * 4), .. tensor];
        byte[] attribute = [.. new AttributeProto { Name = "then_branch", Type = AttributeProto.Types.AttributeType.Graph }.ToByteArray(), .. LargeModel.Prefix(6, initializer.Length + Elements * 4), .. initializer];
        byte[] node = [.. Make.Node("If", ["x"], ["y"]).ToByteArray(), .. LargeModel.Prefix(5, attribute.Length + Elements * 4), .. attribute];
        byte[] graph = [.. new GraphProto { Input = { Make.Typed("x", 9) }, Output = { Make.Value("y") } }.ToByteArray(), .. LargeModel.Prefix(1, node.Length + Elements * 4), .. node];
        ModelProto header = Make.Model(new GraphProto());
        header.Graph = null;
        using (FileStream file = File.Create(path))
        {
            file.Write([.. header.ToByteArray(), .. LargeModel.Prefix(7, graph.Length + Elements * 4), .. graph]);
            file.SetLength(file.Position + Elements * 4);
        }
        Problem problem = Assert.Throws<ModelException>(() => Slices.OfFile(path, WeightMode.Copy)).Problem;
        Assert.Equal(Rules.BodyTooLarge, problem.Rule);
        Assert.Equal([(Elements * 4).ToString(), "If_y"], problem.Arguments);
    }
}
