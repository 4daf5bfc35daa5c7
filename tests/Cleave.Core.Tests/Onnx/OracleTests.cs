using System.Collections.Generic;
using System.IO;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Core.Tests.Onnx;

/// <summary>The reader against Google.Protobuf, field by field, on every model at hand.</summary>
public class OracleTests
{
    [SkippableTheory]
    [MemberData(nameof(Models.Shared), MemberType = typeof(Models))]
    public void Shared_model_is_read_as_protobuf_reads_it(string model)
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        Compare(SharedModels.PathOf(model));
    }

    [SkippableFact]
    public void Node_models_are_read_as_protobuf_reads_them()
    {
        Skip.If(NodeModels.All.Count == 0, NodeModels.WhySkipped);
        Assert.True(NodeModels.All.Count > 900, "the package holds fewer models than expected");
        List<string> failed = [];
        foreach (string path in NodeModels.All)
        {
            try
            {
                Compare(path);
            }
            catch (System.Exception e) when (e is not System.OutOfMemoryException)
            {
                failed.Add(Path.GetRelativePath(NodeModels.Folder, path) + ": " + e.Message);
            }
        }
        Assert.True(failed.Count == 0, string.Join("\n", failed));
    }

    private static void Compare(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        ModelProto expected = ModelProto.Parser.ParseFrom(bytes);
        using ByteSource file = ByteSource.OpenFile(path);
        OnnxModel fromFile = ModelReader.Read(file, CancellationToken.None);
        new Oracle(bytes).Equal(expected, fromFile);
        using ByteSource memory = ByteSource.FromBytes(bytes, 0, bytes.Length);
        new Oracle(bytes).Equal(expected, ModelReader.Read(memory, CancellationToken.None));
    }
}
