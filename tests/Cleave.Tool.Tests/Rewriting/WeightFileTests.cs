using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Passes.Partitions;
using Cleave.OnnxProto;
using Cleave.Tool.Rewriting;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests.Rewriting;

/// <summary>Weights that lie in a file are no others: what is written of them is the same, byte for byte.</summary>
public sealed class WeightFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Path => System.IO.Path.Combine(_folder.Path, "weights ü");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_is_written_as_if_it_held_its_weights()
    {
        SeededRandom random = new(7);
        for (int round = 0; round < 20; round++)
        {
            ModelProto model = Random(random);
            byte[] before = model.ToByteArray();
            using TempFolder folder = new();

            new WeightFile(System.IO.Path.Combine(folder.Path, "weights")).Take(model);
            ModelProto changed = model.Clone();

            Assert.Equal(before, changed.ToByteArray());
            Assert.All(model.Graph.Initializer, static t => Assert.Equal(t.RawData.Length >= 16384, FileBytes.Of(t.RawData) != null));
        }
    }

    [Fact]
    public void A_session_is_told_where_they_lie_and_the_messages_stay_as_they_are()
    {
        ModelProto model = Random(new SeededRandom(1));
        byte[] before = model.ToByteArray();
        new WeightFile(Path).Take(model);

        byte[] light = WeightFile.Refer(model, out string? folder);

        Assert.Equal(_folder.Path, folder);
        Assert.InRange(light.Length, 1, before.Length / 2);
        Assert.Equal(before, model.ToByteArray());
        ModelProto read = ModelProto.Parser.ParseFrom(light);
        new ExternalWeights(_folder.Path).TakeIn(read);
        // What stood in the message before stands there again.
        Assert.Equal(before, read.ToByteArray());
    }

    [Fact]
    public void Where_nothing_lies_in_a_file_no_folder_is_needed()
    {
        ModelProto model = Random(new SeededRandom(2));

        Assert.Equal(model.ToByteArray(), WeightFile.Refer(model, out string? folder));

        Assert.Null(folder);
    }

    [Fact]
    public void A_file_that_someone_else_cuts_off_is_an_error_and_no_other_weights()
    {
        ModelProto model = Random(new SeededRandom(3));
        new WeightFile(Path).Take(model);
        using (FileStream file = File.OpenWrite(Path))
            file.SetLength(100);

        Assert.Contains("someone else changed it", Assert.Throws<EndOfStreamException>(() => model.ToByteArray()).Message);
    }

    [Theory]
    [InlineData("9223372036854775807", "16")]
    [InlineData("16", "9223372036854775807")]
    [InlineData("0", "101")]
    public void External_weights_that_end_too_early_are_named(string offset, string length)
    {
        File.WriteAllBytes(Path, new byte[100]);
        TensorProto tensor = new() { Name = "w", DataType = (int)ElementType.Float, Dims = { 4 }, DataLocation = TensorProto.Types.DataLocation.External };
        foreach ((string key, string value) in new Dictionary<string, string> { ["location"] = System.IO.Path.GetFileName(Path), ["offset"] = offset, ["length"] = length })
            tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
        ModelProto model = new() { Graph = new GraphProto { Initializer = { tensor } } };

        Assert.Contains("ends before the weights of 'w' do", Assert.Throws<RewriteException>(() => new ExternalWeights(_folder.Path).TakeIn(model)).Message);
        Assert.Contains("ends before the weights of 'w' do", Assert.Throws<RewriteException>(() => new ExternalWeights(_folder.Path).Move(model, Path + ".moved")).Message);
    }

    // The first initializer is a large one.
    private static ModelProto Random(SeededRandom random)
    {
        ModelProto model = new() { IrVersion = 8, Graph = new GraphProto { Name = "random" } };
        for (int i = 0; i < 6; i++)
        {
            int count = i == 0 || random.Below(2) == 0 ? 4096 + random.Below(5000) : random.Below(4096);
            model.Graph.Initializer.Add(FloatTensors.Make($"w{i}", [count], [.. Enumerable.Range(0, count).Select(_ => (float)random.Fraction())]));
        }
        return model;
    }
}
