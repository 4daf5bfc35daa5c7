using System;
using System.Threading.Tasks;
using Cleave.Core.Diagnostics;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>What an error says: its id, the model's file, and where the page about it is.</summary>
public sealed class MessageTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Of_a_run_that_failed()
    {
        string path = _folder.Write("lookup.onnx", Models.Lookup().ToByteArray());
        using LooseRunner runner = new(Definitions.Of(Models.Lookup()), new() { Cores = 1, Model = ModelSource.File(path) });
        IsOf(Assert.Throws<CleaveException>(() => runner.Run(Far)), "CLV4008", path);
        IsOf(await Assert.ThrowsAsync<CleaveException>(() => runner.RunManyAsync([Far])), "CLV4011", path);

        static void Far(ref InputBinder binder) => binder.Copy<long>(0, new long[] { 50 });
    }

    [Fact]
    public void Of_a_file_that_is_not_there()
    {
        string path = System.IO.Path.Combine(_folder.Path, "none.onnx");
        IsOf(Assert.Throws<CleaveException>(() => new LooseRunner(Definitions.Of(Models.Times(2)), new() { Model = ModelSource.File(path) })), "CLV4001", path);
    }

    [Fact]
    public void Of_a_runner_that_cannot_be_used()
    {
        ModelProto model = Models.Times(2);
        IsOf(Assert.Throws<CleaveException>(() => new LooseRunner(Definitions.Of(model.ToByteArray(), contract: 2))), "CLV4003", "'models/test.onnx'");

        ModelDefinition plain = Definitions.Of(model);
        Segment whole = new("Whole", "*", plain.Inputs, plain.Outputs);
        Plan endless = new("Endless", [whole], lane => lane.Receive(plain.Outputs[0]));
        IsOf(Assert.Throws<CleaveException>(() => LooseRunner.Of(Definitions.Of(model, [new(1, endless, 1)]), model)), "CLV4010", "'models/test.onnx'");

        // A value inside, chosen as the output.
        ModelProto toy = Models.Toy();
        Value[] outputs = [Value.Tensor<float>("b", 1, 16)];
        ModelDefinition all = Definitions.Of(toy);
        ModelDefinition chosen = new(1, "test", all.Path, all.Hash, all.Inputs, outputs, [new(1, Definitions.Whole(all.Inputs, outputs), 1)]);
        string path = _folder.Write("toy.onnx", toy.ToByteArray());
        IsOf(Assert.Throws<CleaveException>(() => new LooseRunner(chosen, new() { Slicing = false, Model = ModelSource.File(path) })), "CLV4009", path);
    }

    [Fact]
    public void Of_one_that_a_test_makes()
    {
        InvalidOperationException cause = new("why");
        CleaveException e = new("CLV4012", "The queue is full.", cause);
        IsOf(e, "CLV4012", "CLV4012: The queue is full.");
        Assert.Same(cause, e.InnerException);
        Assert.Throws<ArgumentException>(() => new CleaveException("", "nothing"));
    }

    [Fact]
    public void Text_of_a_model_stays_on_its_line()
    {
        const string Name = "a\nforged\u001B[2J\u202E";
        ModelException cause = new(Rules.ExternalDataMissing, Name);
        foreach (Exception e in new Exception[] { new CleaveException(Rules.RunFailed, null, "m.onnx", Name, Name), new CleaveException(cause, Name), cause })
        {
            Assert.Contains("a\\u000Aforged\\u001B[2J\\u202E", e.Message);
            Assert.DoesNotContain(e.Message, static c => c is '\n' or '\u001B' or '\u202E');
        }
    }

    private static void IsOf(CleaveException e, string id, string model)
    {
        Assert.Equal(id, e.Id);
        Assert.StartsWith(id + ": ", e.Message, StringComparison.Ordinal);
        Assert.Contains(model, e.Message, StringComparison.Ordinal);
        Assert.EndsWith("/docs/diagnostics/" + id + ".md", e.HelpLink, StringComparison.Ordinal);
        // What loggers write.
        Assert.Contains(e.HelpLink!, e.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, e.ToString().Split(e.HelpLink).Length - 1);
    }
}
