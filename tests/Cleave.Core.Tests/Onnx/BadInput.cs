using System.Collections.Generic;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Onnx;

/// <summary>Reads what is no usable model: it has its rule, and nothing else happens.</summary>
internal static class BadInput
{
    public static OnnxModel Read(byte[] bytes)
    {
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        return ModelReader.Read(source, CancellationToken.None);
    }

    public static Problem Expect(Rule rule, ModelProto model) => Expect(rule, model.ToByteArray());

    public static Problem Expect(Rule rule, byte[] bytes)
    {
        Problem problem = Assert.Single(Problems(bytes));
        Assert.True(rule == problem.Rule, problem.Message("m.onnx"));
        return problem;
    }

    public static Problem Expect(Rule rule, ModelListing listing)
    {
        Assert.Null(listing.Model);
        Problem problem = Assert.Single(listing.Problems);
        Assert.Equal(rule, problem.Rule);
        return problem;
    }

    public static IReadOnlyList<Problem> Problems(byte[] bytes)
    {
        using TempFolder folder = new();
        return List(folder.File("m.onnx", bytes)).Problems;
    }

    public static ModelListing List(string path) => ModelLister.List(path, new ListingOptions(), CancellationToken.None);
}
