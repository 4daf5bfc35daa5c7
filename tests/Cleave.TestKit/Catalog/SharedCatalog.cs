using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Cleave.TestKit.Catalog;

/// <summary>The models beside the repository: as published, and the light ones with random weights, too.</summary>
internal static class SharedCatalog
{
    private static readonly Dictionary<string, InputRange> Pixels = new() { ["x"] = new(-1, 1) };
    private static readonly Dictionary<string, InputRange> Speech = new() { ["sr"] = new(16000, 16000) };

    private static readonly string[] Light =
        ["bvlc_alexnet", "densenet121", "inception_v1", "inception_v2", "resnet50", "shufflenet", "squeezenet", "vgg19", "zfnet512"];

    public static IReadOnlyList<CatalogModel> All { get; } =
    [
        Published("dtln_1"),
        Published("dtln_2"),
        Published("ultraface_rfb_320"),
        Published("ultraface_slim_320"),
        Published("ppocrv3_det_en") with { Samples = [Sides(1, 320, 320), Sides(1, 480, 640), Sides(2, 192, 704)], Ranges = Pixels, BatchDim = "p2o.DynamicDimension.0" },
        Published("silero_vad") with
        {
            Samples = ["input[0]=1,input[1]=512,state[1]=1", "input[0]=3,input[1]=512,state[1]=3"],
            Ranges = Speech,
            HasControlFlow = true,
        },
        Published("silero_vad_16k_op15") with
        {
            Samples = ["batch=1,sequence=512", "batch=3,sequence=512"],
            Ranges = Speech,
            HasControlFlow = true,
        },
        .. Light.Select(name => Published("light/light_" + name) with { HasConstantWeights = true }),
        .. Light.Select(WithRandomWeights),
    ];

    private static DimSample Sides(int batch, int height, int width) =>
        $"p2o.DynamicDimension.0={batch},p2o.DynamicDimension.1={height},p2o.DynamicDimension.2={width}";

    private static CatalogModel Published(string file) =>
        new(Path.GetFileName(file), _ => SharedModels.PathOf(file + ".onnx")) { IsShared = true };

    private static CatalogModel WithRandomWeights(string light)
    {
        string name = "light_" + light + "_random", source = "light/light_" + light + ".onnx";
        return new CatalogModel(name, folder => ModelCatalog.Save(folder, name, stream => RandomWeights.Write(SharedModels.PathOf(source), stream, seed: 7)))
        {
            IsShared = true,
            IsBig = light is "bvlc_alexnet" or "densenet121" or "inception_v2" or "resnet50" or "vgg19" or "zfnet512",
        };
    }
}
