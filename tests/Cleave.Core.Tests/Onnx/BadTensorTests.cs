using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;
using static Cleave.Core.Tests.Onnx.BadInput;

namespace Cleave.Core.Tests.Onnx;

/// <summary>Tensors whose type, size or place cannot be right.</summary>
public class BadTensorTests
{
    [Fact]
    public void Unknown_element_types()
    {
        ModelProto model = Make.Small();
        model.Graph.Initializer[0].DataType = 99;
        Assert.Equal(["w", "99"], Expect(Rules.UnknownElementType, model).Arguments);
        model = Make.Small();
        model.Graph.Input[0].Type.TensorType.ElemType = -3;
        Assert.Equal(["x", "-3"], Expect(Rules.UnknownElementType, model).Arguments);
        model = Make.Small();
        model.Graph.Initializer[0].DataType = 0;
        Assert.Equal(["w", "0"], Expect(Rules.UnknownElementType, model).Arguments);
    }

    public static TheoryData<string, string, string> WrongSizes => new()
    {
        { "raw", "16 bytes", "12 bytes" },
        { "floats", "4 elements", "3 elements" },
        { "none", "4 elements", "0 elements" },
        { "ints", "4 elements", "3 elements" },
        { "strings", "4 elements", "1 elements" },
        { "external", "16 bytes", "20 bytes" },
        { "overflow", "more than 2^56 bytes", "16 bytes" },
    };

    [Theory]
    [MemberData(nameof(WrongSizes))]
    public void Data_that_does_not_match_the_shape(string how, string needed, string stored)
    {
        ModelProto model = Make.Small();
        TensorProto tensor = model.Graph.Initializer[0];
        if (how is not "raw" and not "overflow")
            tensor.RawData = ByteString.Empty;
        switch (how)
        {
            case "raw":
                tensor.RawData = ByteString.CopyFrom(new byte[12]);
                break;
            case "floats":
                tensor.FloatData.Add([1, 2, 3]);
                break;
            case "ints":
                tensor.DataType = (int)ElementType.UInt8;
                tensor.Int32Data.Add([1, 2, 3]);
                break;
            case "strings":
                tensor.DataType = (int)ElementType.String;
                tensor.StringData.Add(ByteString.CopyFromUtf8("a"));
                break;
            case "external":
                tensor = model.Graph.Initializer[0] = Make.External("w", [1, 4], "w.bin", ("length", "20"));
                break;
            case "overflow":
                tensor.Dims.Add([1L << 40, 1L << 40]);
                break;
        }
        Assert.Equal(["w", string.Join(",", tensor.Dims), needed, stored], Expect(Rules.TensorSize, model).Arguments);
    }

    [Theory]
    [InlineData((int)ElementType.Int4, 5, 3)]
    [InlineData((int)ElementType.UInt4, 4, 2)]
    [InlineData((int)ElementType.Int2, 5, 2)]
    [InlineData((int)ElementType.Float16, 5, 10)]
    [InlineData((int)ElementType.Bool, 5, 5)]
    [InlineData((int)ElementType.Complex128, 2, 32)]
    public void Sizes_of_elements(int element, int count, int bytes)
    {
        ModelProto model = Make.Small();
        model.Graph.Initializer[0] = new TensorProto { Name = "w", DataType = element, Dims = { count }, RawData = ByteString.CopyFrom(new byte[bytes]) };
        Assert.Equal(bytes, Read(model.ToByteArray()).Graph.Initializers[0].ByteSize);
    }

    [Fact]
    public void Empty_tensors_hold_nothing_whatever_their_other_dimensions()
    {
        ModelProto model = Make.Small();
        model.Graph.Initializer.Add(new TensorProto { Name = "e", DataType = 1, Dims = { 1L << 60, 0, 1L << 60 } });
        TensorInfo tensor = Read(model.ToByteArray()).Graph.Initializers[1];
        Assert.Equal((0, Storage.None), (tensor.ByteSize, tensor.Storage));
    }

    [Theory]
    [InlineData("w.bin", 16, null)]
    [InlineData("sub\\w.bin", 16, null)]
    [InlineData("missing.bin", 16, "CLV1011")]
    [InlineData("w.bin", 15, "CLV1012")]
    [InlineData("/etc/passwd", 16, "CLV1013")]
    [InlineData("C:\\w.bin", 16, "CLV1013")]
    [InlineData("..\\w.bin", 16, "CLV1013")]
    [InlineData("a/../../w.bin", 16, "CLV1013")]
    [InlineData("sub/..", 16, "CLV1013")]
    [InlineData("w\0.bin", 16, "CLV1013")]
    public void External_data_is_checked(string location, int length, string? rule)
    {
        using TempFolder folder = new();
        ModelProto model = Make.Small();
        model.Graph.Initializer[0] = Make.External("w", [1, 4], location);
        // In a body too.
        model.Graph.Node[0].Attribute.Add(Make.Body("b", new GraphProto { Initializer = { Make.External("z", [1, 4], "z.bin") } }));
        folder.File("z.bin", new byte[16]);
        folder.File("w.bin", new byte[length]);
        folder.File("sub/w.bin", new byte[length]);
        ModelListing listing = List(folder.File("m.onnx", model.ToByteArray()));
        Assert.Equal(rule is null ? [] : [rule], listing.Problems.Select(p => p.Rule.Id));
        Assert.NotNull(listing.Model);
        Assert.Equal(rule == "CLV1013" ? ["z.bin"] : [location.Replace('\\', '/'), "z.bin"], listing.ExternalFiles);
        Assert.DoesNotContain(listing.Problems, p => p.Message("m.onnx").Contains(folder.Path));
    }

    [Theory]
    [InlineData(".env", "CLV1014", false)]
    [InlineData("missing.bin", "CLV1011", true)]
    [InlineData("empty.bin", null, true)]
    [InlineData("../secret", "CLV1013", false)]
    public void A_file_is_taken_for_tensors_without_elements_only_where_nothing_is_in_it(string location, string? rule, bool isTaken)
    {
        using TempFolder folder = new();
        ModelProto model = Make.Small();
        model.Graph.Initializer[0] = Make.External("w", [0, 4], location);
        folder.File(".env", new byte[16]);
        folder.File("empty.bin", []);
        ModelListing listing = List(folder.File("m.onnx", model.ToByteArray()));
        Assert.Equal(rule is null ? [] : [rule], listing.Problems.Select(p => p.Rule.Id));
        Assert.Equal(isTaken ? [location] : [], listing.ExternalFiles);
    }

    [Fact]
    public void Problems_of_external_data_are_few_and_short()
    {
        using TempFolder folder = new();
        ModelProto model = Make.Small();
        for (int i = 0; i < 30; i++)
            model.Graph.Initializer.Add(Make.External("e" + i, [1, 4], i + new string('x', 5000)));
        ModelListing listing = List(folder.File("m.onnx", model.ToByteArray()));
        Assert.Equal([.. Enumerable.Repeat("CLV1011", 20), "CLV1014"], listing.Problems.Select(p => p.Rule.Id));
        Assert.All(listing.Problems, static p => Assert.InRange(p.Message("m.onnx").Length, 1, 1500));
        Assert.Contains("10 more places", listing.Problems[^1].Message("m.onnx"));
    }

    [Theory]
    [InlineData("offset", "-1")]
    [InlineData("offset", "one")]
    [InlineData("length", "99999999999999999999")]
    [InlineData("offset", "9223372036854775800")]
    public void External_data_with_a_bad_number(string key, string value)
    {
        ModelProto model = Make.Small();
        model.Graph.Initializer[0] = Make.External("w", [1, 4], "w.bin", (key, value));
        Expect(Rules.Malformed, model);
    }
}
