using System;
using System.Text;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;
using static Cleave.Core.Tests.Onnx.BadInput;

namespace Cleave.Core.Tests.Onnx;

/// <summary>Files that are no models, or not whole.</summary>
public class BadFileTests
{
    [Fact]
    public void Missing_file_is_named() => Expect(Rules.FileMissing, List("nowhere/model.onnx"));

    [Fact]
    public void Folder_in_place_of_a_file_is_unreadable()
    {
        using TempFolder folder = new();
        Problem problem = Expect(Rules.Unreadable, List(folder.Path));
        Assert.Equal("it is a folder. Give the .onnx file itself", problem.Arguments[0]);
    }

    [Fact]
    public void Empty_file() => Expect(Rules.FileEmpty, []);

    [Fact]
    public void Git_LFS_pointer() => Expect(Rules.LfsPointer, Encoding.UTF8.GetBytes(
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"));

    public static TheoryData<string, byte[]> OtherFormats => new()
    {
        { "PNG", [0x89, .. "PNG\r\n\x1a\n"u8, 0, 0, 0, 13, .. "IHDR"u8, .. new byte[40]] },
        { "zip", [.. "PK"u8, 3, 4, 20, 0, 8, 0, .. new byte[60]] },
        { "web page", [.. "<!DOCTYPE html><html><head><title>404</title></head></html>"u8] },
        { "JSON", [.. "{ \"model\": [1, 2, 3] }"u8] },
        { "text", [.. "Hello: this is a text, and it says nothing about a model at all.\nReally."u8] },
        { "GGUF", [.. "GGUF"u8, 3, 0, 0, 0, .. new byte[40]] },
        { "TensorFlow Lite", [0x1C, 0, 0, 0, .. "TFL3"u8, .. new byte[40]] },
        { "ONNX Runtime's own", [0x1C, 0, 0, 0, .. "ORTM"u8, .. new byte[40]] },
        { "follow the format", new byte[100] },
        { "no graph", [8, 8] },
    };

    [Theory]
    [MemberData(nameof(OtherFormats))]
    public void Other_formats_are_recognised(string what, byte[] content) =>
        Assert.Contains(what, Expect(Rules.NotOnnx, content).Arguments[0]);

    [Fact]
    public void Random_bytes_are_not_a_model()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            byte[] bytes = new byte[500];
            new Random(seed).NextBytes(bytes);
            Expect(Rules.NotOnnx, bytes);
        }
    }

    [Fact]
    public void Missing_parts_of_a_model()
    {
        ModelProto model = Make.Small();
        model.IrVersion = 0;
        Assert.Contains("IR version", Expect(Rules.NotOnnx, model).Arguments[0]);
        model = Make.Small();
        model.OpsetImport.Clear();
        Assert.Contains("operator set", Expect(Rules.NotOnnx, model).Arguments[0]);
        model.IrVersion = 2;
        Assert.Equal([new OpsetImport("", 1)], Read(model.ToByteArray()).Opsets);
    }

    [Fact]
    public void Truncated_file_is_told_at_every_length()
    {
        ModelProto small = Make.Small();
        small.ProducerName = "somebody";
        byte[] bytes = small.ToByteArray();
        for (int length = 1; length < bytes.Length; length++)
        {
            Rule rule = Assert.Single(Problems(bytes[..length])).Rule;
            // Before the graph begins nothing tells a model from any other file, and without operator sets it is none.
            Assert.True(rule == Rules.Truncated || rule == Rules.NotOnnx, length + ": " + rule.Id);
        }
        Assert.Equal(Rules.Truncated, Assert.Single(Problems(bytes[..^20])).Rule);
    }

    [Fact]
    public void Cancellation_is_heeded()
    {
        byte[] bytes = Make.Small().ToByteArray();
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        Assert.Throws<OperationCanceledException>(() => ModelReader.Read(source, new CancellationToken(true)));
    }
}
