using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Xunit;

namespace Cleave.Core.Tests.Onnx;

/// <summary>Compares what the reader made of a file with what Google.Protobuf made of it.</summary>
internal sealed class Oracle(byte[] file)
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, true);

    public void Equal(ModelProto expected, OnnxModel actual)
    {
        Assert.Equal(expected.IrVersion, actual.IrVersion);
        Assert.Equal(expected.ProducerName, actual.ProducerName);
        Assert.Equal(expected.ProducerVersion, actual.ProducerVersion);
        Assert.Equal(expected.Domain, actual.Domain);
        Assert.Equal(expected.ModelVersion, actual.Version);
        Assert.Equal(expected.DocString, actual.DocString);
        Assert.Equal(expected.MetadataProps.Select(e => (e.Key, e.Value)), actual.Metadata.Select(e => (e.Key, e.Value)));
        Each(expected.MetadataProps, actual.MetadataMessages, (e, m) => Assert.Equal(e, StringStringEntryProto.Parser.ParseFrom(Slice(m))));
        EqualOpsets(expected.OpsetImport, actual.Opsets);
        Each(expected.Functions, actual.Functions, Equal);
        Equal(expected.Graph, actual.Graph);
    }

    private void EqualOpsets(RepeatedField<OperatorSetIdProto> expected, IReadOnlyList<OpsetImport> actual) => Assert.Equal(
        expected.Reverse().DistinctBy(o => Domain(o.Domain)).Reverse().Select(o => new OpsetImport(Domain(o.Domain), o.Version)), actual);

    private void Equal(FunctionProto expected, ModelFunction actual)
    {
        Assert.Equal(Domain(expected.Domain), actual.Domain);
        Assert.Equal(expected.Name, actual.Name);
        Assert.Equal(expected.Overload, actual.Overload);
        Assert.Equal(expected.Input, actual.Inputs);
        Assert.Equal(expected.Output, actual.Outputs);
        Assert.Equal(expected.Attribute, actual.Attributes);
        Each(expected.AttributeProto, actual.DefaultedAttributes, Equal);
        EqualOpsets(expected.OpsetImport, actual.Opsets);
        Each(expected.ValueInfo, actual.ValueInfos, Equal);
        Each(expected.Node, actual.Nodes, Equal);
        Assert.Equal(expected, FunctionProto.Parser.ParseFrom(Slice(actual.Message)));
    }

    private void Equal(GraphProto expected, OnnxGraph actual)
    {
        Assert.Equal(expected.Name, actual.Name);
        Assert.Equal(expected.DocString, actual.DocString);
        Each(expected.Input, actual.Inputs, Equal);
        Each(expected.Output, actual.Outputs, Equal);
        Each(expected.ValueInfo, actual.ValueInfos, Equal);
        Each(expected.Initializer, actual.Initializers, Equal);
        Each(expected.SparseInitializer, actual.SparseInitializers, Equal);
        Each(expected.Node, actual.Nodes, Equal);
    }

    private void Equal(NodeProto expected, Node actual)
    {
        Assert.Equal(expected.Name, actual.Name);
        Assert.Equal(expected.OpType, actual.OpType);
        Assert.Equal(Domain(expected.Domain), actual.Domain);
        Assert.Equal(expected.Overload, actual.Overload);
        Assert.Equal(expected.Input, actual.Inputs);
        Assert.Equal(expected.Output, actual.Outputs);
        Each(expected.Attribute, actual.Attributes, Equal);
        Assert.Equal(expected, NodeProto.Parser.ParseFrom(Slice(actual.Message)));
    }

    private void Equal(AttributeProto expected, NodeAttribute actual)
    {
        AttributeKind kind = actual.Kind;
        Assert.Equal(expected.Name, actual.Name);
        if (expected.Type != AttributeProto.Types.AttributeType.Undefined)
            Assert.Equal((int)expected.Type, (int)kind);
        Assert.Equal(expected.RefAttrName, actual.Reference ?? "");
        bool holds = actual.Reference is null;
        Assert.Equal(Values(AttributeKind.Int, expected.I, AttributeKind.Ints, expected.Ints), actual.Ints);
        Assert.Equal(Values(AttributeKind.Float, expected.F, AttributeKind.Floats, expected.Floats), actual.Floats);
        Each(Values(AttributeKind.String, expected.S, AttributeKind.Strings, expected.Strings), actual.Strings, Equal);
        Each(Values(AttributeKind.Tensor, expected.T, AttributeKind.Tensors, expected.Tensors), actual.Tensors, Equal);
        Each(Values(AttributeKind.Graph, expected.G, AttributeKind.Graphs, expected.Graphs), actual.Graphs, Equal);
        Each(Values(AttributeKind.SparseTensor, expected.SparseTensor, AttributeKind.SparseTensors, expected.SparseTensors), actual.SparseTensors, Equal);
        Each(Values(AttributeKind.Type, expected.Tp, AttributeKind.Types, expected.TypeProtos), actual.Types, Equal);

        T[] Values<T>(AttributeKind single, T value, AttributeKind list, IEnumerable<T> values) =>
            !holds ? [] : kind == single ? [value] : kind == list ? [.. values] : [];
    }

    private static void Equal(ByteString expected, AttributeText actual)
    {
        Assert.Equal(expected.Length, actual.ByteLength);
        string? text = null;
        try
        {
            text = expected.Length <= AttributeText.LongestText ? StrictUtf8.GetString(expected.Span) : null;
        }
        catch (DecoderFallbackException)
        {
            // Not text: the reader must say so too.
        }
        Assert.Equal(text, actual.Text);
    }

    private void Equal(SparseTensorProto expected, SparseTensorInfo actual)
    {
        Equal(expected.Values, actual.Values);
        Equal(expected.Indices, actual.Indices);
        Assert.Equal(expected.Dims, actual.Dims);
        Assert.Equal(expected, SparseTensorProto.Parser.ParseFrom(Slice(actual.Message)));
    }

    private void Equal(TensorProto expected, TensorInfo actual)
    {
        Assert.Equal(expected.Name, actual.Name);
        Assert.Equal(expected.DataType, (int)actual.Element);
        Assert.Equal(expected.Dims, actual.Dims);
        Assert.Equal(expected, TensorProto.Parser.ParseFrom(Slice(actual.Message)));
        long count = expected.Dims.Aggregate(1L, (a, b) => a * b);
        Assert.Equal((count * actual.Element.Bits() + 7) / 8, actual.ByteSize);
        if (expected.DataLocation == TensorProto.Types.DataLocation.External)
        {
            Dictionary<string, string> entries = expected.ExternalData.ToDictionary(e => e.Key, e => e.Value);
            Assert.Equal(Storage.External, actual.Storage);
            Assert.Equal(entries["location"], actual.External!.Location);
            Assert.Equal(long.Parse(entries.GetValueOrDefault("offset", "0"), CultureInfo.InvariantCulture), actual.External.Offset);
            Assert.Equal(entries.GetValueOrDefault("length"), actual.External.Length?.ToString(CultureInfo.InvariantCulture));
            return;
        }
        Assert.Null(actual.External);
        byte[] plain = expected.RawData.Length > 0 ? expected.RawData.ToByteArray()
            : MemoryMarshal.AsBytes<float>(expected.FloatData.ToArray()).ToArray()
                .Concat(MemoryMarshal.AsBytes<double>(expected.DoubleData.ToArray()).ToArray()).ToArray();
        int encoded = expected.Int32Data.Count + expected.Int64Data.Count + expected.Uint64Data.Count + expected.StringData.Count;
        switch (actual.Storage)
        {
            case Storage.Plain:
                Assert.Equal(plain, Slice(actual.Data));
                break;
            case Storage.Encoded:
                Assert.True(encoded > 0 || plain.Length > 0);
                break;
            default:
                Assert.Equal(Storage.None, actual.Storage);
                Assert.Equal(0, encoded + plain.Length);
                break;
        }
    }

    private void Equal(ValueInfoProto expected, ValueInfo actual)
    {
        Assert.Equal(expected.Name, actual.Name);
        Assert.Equal(expected.DocString, actual.DocString);
        Assert.Equal(expected, ValueInfoProto.Parser.ParseFrom(Slice(actual.Message)));
        Equal(expected.Type ?? new TypeProto(), actual.Type);
    }

    private void Equal(TypeProto expected, OnnxType actual)
    {
        switch (expected.ValueCase)
        {
            case TypeProto.ValueOneofCase.TensorType:
                OnnxType.Tensor tensor = Assert.IsType<OnnxType.Tensor>(actual);
                Assert.Equal(expected.TensorType.ElemType, (int)tensor.Element);
                Equal(expected.TensorType.Shape, tensor.Shape);
                break;
            case TypeProto.ValueOneofCase.SparseTensorType:
                OnnxType.SparseTensor sparse = Assert.IsType<OnnxType.SparseTensor>(actual);
                Assert.Equal(expected.SparseTensorType.ElemType, (int)sparse.Element);
                Equal(expected.SparseTensorType.Shape, sparse.Shape);
                break;
            case TypeProto.ValueOneofCase.SequenceType:
                Equal(expected.SequenceType.ElemType ?? new TypeProto(), Assert.IsType<OnnxType.Sequence>(actual).Element);
                break;
            case TypeProto.ValueOneofCase.OptionalType:
                Equal(expected.OptionalType.ElemType ?? new TypeProto(), Assert.IsType<OnnxType.Optional>(actual).Element);
                break;
            case TypeProto.ValueOneofCase.MapType:
                OnnxType.Map map = Assert.IsType<OnnxType.Map>(actual);
                Assert.Equal(expected.MapType.KeyType, (int)map.Key);
                Equal(expected.MapType.ValueType ?? new TypeProto(), map.Value);
                break;
            case TypeProto.ValueOneofCase.OpaqueType:
                Assert.Equal(new OnnxType.Opaque(expected.OpaqueType.Domain, expected.OpaqueType.Name), actual);
                break;
            default:
                Assert.IsType<OnnxType.Unknown>(actual);
                break;
        }
    }

    private static void Equal(TensorShapeProto? expected, Dimension[]? actual) => Assert.Equal(
        expected?.Dim.Select(d => d.ValueCase switch
        {
            TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue when d.DimValue >= 0 => Dimension.Fixed(d.DimValue),
            TensorShapeProto.Types.Dimension.ValueOneofCase.DimParam when d.DimParam.Length > 0 => Dimension.Named(d.DimParam),
            _ => Dimension.Unknown,
        }), actual);

    private static void Each<TExpected, TActual>(IReadOnlyList<TExpected> expected, IReadOnlyList<TActual> actual, Action<TExpected, TActual> equal)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (int i = 0; i < expected.Count; i++)
            equal(expected[i], actual[i]);
    }

    private static string Domain(string domain) => domain == "ai.onnx" ? "" : domain;

    private byte[] Slice(ByteRange range) => file.AsSpan((int)range.Offset, (int)range.Length).ToArray();
}
