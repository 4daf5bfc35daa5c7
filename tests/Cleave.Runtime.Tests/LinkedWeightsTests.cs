using System;
using System.IO;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>Models whose files are links, as caches of models, version control for data and mounted volumes keep them.</summary>
public sealed class LinkedWeightsTests : IDisposable
{
    private const int Width = 128;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(WeightLoading.Auto)]
    [InlineData(WeightLoading.Copy)]
    [InlineData(WeightLoading.Map)]
    public void Weights_in_a_file_that_is_a_link(WeightLoading weights)
    {
        (ModelProto model, byte[] data) = WithExternalData();
        string path = _folder.Write("m.onnx", model.ToByteArray());
        _folder.Write("store/1", data);
        File.CreateSymbolicLink(_folder["m.data"], _folder["store/1"]);
        Assert.Equal(Run(_folder.Write("whole.onnx", Models.Toy(Width).ToByteArray()), WeightLoading.Copy, Models.Toy(Width)), Run(path, weights, model));
    }

    [Theory]
    [InlineData(WeightLoading.Auto)]
    [InlineData(WeightLoading.Copy)]
    [InlineData(WeightLoading.Map)]
    public void A_model_and_its_weights_that_are_links_into_a_store(WeightLoading weights)
    {
        (ModelProto model, byte[] data) = WithExternalData();
        _folder.Write("blobs/ab", model.ToByteArray());
        _folder.Write("blobs/cd", data);
        Directory.CreateDirectory(_folder["snapshots/1"]);
        File.CreateSymbolicLink(_folder["snapshots/1/m.onnx"], "../../blobs/ab");
        File.CreateSymbolicLink(_folder["snapshots/1/m.data"], "../../blobs/cd");
        Assert.Equal(Run(_folder.Write("whole.onnx", Models.Toy(Width).ToByteArray()), WeightLoading.Copy, Models.Toy(Width)), Run(_folder["snapshots/1/m.onnx"], weights, model));
    }

    private static (ModelProto, byte[]) WithExternalData()
    {
        ModelProto model = Models.Toy(Width);
        using MemoryStream data = new();
        foreach (TensorProto tensor in model.Graph.Initializer)
        {
            tensor.DataLocation = TensorProto.Types.DataLocation.External;
            tensor.ExternalData.Add([new() { Key = "location", Value = "m.data" }, new() { Key = "offset", Value = data.Length.ToString() }, new() { Key = "length", Value = tensor.RawData.Length.ToString() }]);
            tensor.RawData.WriteTo(data);
            tensor.RawData = ByteString.Empty;
        }
        return (model, data.ToArray());
    }

    private static float[] Run(string place, WeightLoading weights, ModelProto model)
    {
        using LooseRunner runner = new(Definitions.Of(model), new RunnerOptions { Model = ModelSource.File(place), Weights = weights });
        using LooseOutput output = runner.Run((ref b) => b.Copy<float>(0, Onnx.Random(Width, 9)));
        return output.Get<float>(0).ToArray();
    }
}
