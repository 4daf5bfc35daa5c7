using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Slicing;
using Cleave.OnnxProto;
using Google.Protobuf;

namespace Cleave.Core.Tests.Slicing;

/// <summary>Slices models for tests.</summary>
internal static class Slices
{
    /// <summary>The segment that is the whole model, declared as the generator does.</summary>
    public static SegmentRequest Whole(OnnxModel model)
    {
        HashSet<string> initializers = [.. model.Graph.Initializers.Select(t => t.Name), .. model.Graph.SparseInitializers.Select(t => t.Name)];
        return new SegmentRequest("Whole", null,
            [.. model.Graph.Inputs.Select(i => i.Name).Where(n => !initializers.Contains(n))],
            [.. model.Graph.Outputs.Select(o => o.Name)]);
    }

    public static SubModel WholeOf(ModelProto model) => Of(model, Whole);

    public static SubModel Of(ModelProto model, SegmentRequest request) => Of(model, _ => request);

    public static SubModel OfFile(string path, WeightMode mode)
    {
        using ByteSource source = ByteSource.OpenFile(path);
        OnnxModel model = ModelReader.Read(source, CancellationToken.None);
        return new SubModelWriter(model, source, path).Write(Whole(model), mode);
    }

    public static SubModel OfBytes(byte[] bytes)
    {
        using ByteSource source = ByteSource.FromBytes(new ReadOnlyMemory<byte>(bytes));
        OnnxModel model = ModelReader.Read(source, CancellationToken.None);
        return new SubModelWriter(model, source, null).Write(Whole(model), WeightMode.Copy);
    }

    /// <summary>Runs the whole model as it is, and sliced in every way there is.</summary>
    public static void EqualInEveryWay(string path, int seed, Func<string, int, int> sizeOf)
    {
        string folder = Path.GetDirectoryName(path)!;
        using var whole = Ort.OpenFile(path);
        var inputs = Ort.RandomInputs(whole, seed, sizeOf).Values;
        var expected = Ort.Run(whole, inputs);
        foreach (SubModel sub in new[] { OfFile(path, WeightMode.Copy), OfFile(path, WeightMode.Map), OfBytes(File.ReadAllBytes(path)) })
        {
            using var sliced = Ort.Open(sub.Bytes, sub.ReadsFiles ? folder : null);
            Ort.Equal(expected, Ort.Run(sliced, inputs));
        }
    }

    private static SubModel Of(ModelProto proto, Func<OnnxModel, SegmentRequest> request)
    {
        byte[] bytes = proto.ToByteArray();
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        OnnxModel model = ModelReader.Read(source, CancellationToken.None);
        return new SubModelWriter(model, source, null).Write(request(model), WeightMode.Copy);
    }
}
