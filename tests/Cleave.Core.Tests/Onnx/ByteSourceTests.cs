using System;
using System.IO;
using System.Threading;
using Cleave.Core.Onnx;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Onnx;

public class ByteSourceTests
{
    [Fact]
    public void File_stays_the_one_that_was_opened()
    {
        using TempFolder folder = new();
        string path = folder.File("m.onnx", Make.Small().ToByteArray());
        using ByteSource source = ByteSource.OpenFile(path);
        File.Move(folder.File("other", new byte[10]), path, overwrite: true);
        Assert.Equal("small", ModelReader.Read(source, CancellationToken.None).Graph.Name);
        Assert.False(source.Handle!.IsInvalid);
        File.Delete(path);
        Assert.Equal("small", ModelReader.Read(source, CancellationToken.None).Graph.Name);
    }

    [Fact]
    public void File_that_shrinks_while_it_is_read_is_truncated()
    {
        using TempFolder folder = new();
        string path = folder.File("m.onnx", Make.Small().ToByteArray());
        using ByteSource source = ByteSource.OpenFile(path);
        using (FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            file.SetLength(30);
        Assert.Equal(Diagnostics.Rules.Truncated, Assert.Throws<Diagnostics.ModelException>(() => ModelReader.Read(source, CancellationToken.None)).Problem.Rule);
    }

    [Fact]
    public void Part_of_an_array_is_a_source()
    {
        byte[] model = Make.Small().ToByteArray();
        byte[] bytes = [1, 2, 3, .. model, 4, 5];
        using ByteSource source = ByteSource.FromBytes(bytes, 3, model.Length);
        Assert.Equal("small", ModelReader.Read(source, CancellationToken.None).Graph.Name);
        Assert.Null(source.Handle);
        Assert.Throws<ArgumentOutOfRangeException>(() => ByteSource.FromBytes(bytes, 3, bytes.Length));
    }
}
