using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Recurrent;
using Cleave.Core.Passes;
using Cleave.Core.Placement;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Cleave.TestKit.Synthetic;
using Google.Protobuf;

namespace Cleave.Benchmarks.Placement;

/// <summary>A line of <c>benchmarks/placement/models.txt</c>, and what is planned for it.</summary>
/// <param name="Cell">LSTM or GRU.</param>
/// <param name="Layers">How many.</param>
/// <param name="Width">Hidden size.</param>
/// <param name="IsBoth">Whether it goes forwards and backwards.</param>
internal sealed record RecurrentModels(string Cell, int Layers, int Width, bool IsBoth)
{
    public const int Steps = 64;

    private static readonly int[] ChunkCounts = [1, 4, 8, 16];

    public string Name => string.Create(CultureInfo.InvariantCulture, $"{Cell} {Layers}x{Width}{(IsBoth ? " both ways" : "")}");

    /// <summary>All of the list.</summary>
    public static IEnumerable<RecurrentModels> List() =>
        from line in File.ReadLines(Path.Combine(SharedModels.Repository, "benchmarks", "placement", "models.txt"))
        where line.Length > 0 && line[0] != '#'
        let words = line.Split(' ')
        select new RecurrentModels(words[0], Number(words[1]), Number(words[2]), words[3] == "both");

    public static IEnumerable<AcceleratorProfile> Profiles() =>
        Directory.GetFiles(Path.Combine(SharedModels.Repository, "benchmarks", "placement", "profiles"), "*.txt").Order(StringComparer.Ordinal).Select(path =>
        {
            using StreamReader text = File.OpenText(path);
            return AcceleratorProfileText.Read(text);
        });

    public ModelProto Build()
    {
        Recurrent model = new(Cell, Layers, Width, Steps);
        return IsBoth ? model.BothWays() : model.Stacked();
    }

    /// <summary>The model, and the model in so many chunks where that divides anything.</summary>
    public IEnumerable<(int Chunks, PlanGraph Graph)> Graphs()
    {
        byte[] bytes = Build().ToByteArray();
        OnnxModel model = ModelReader.Read(ByteSource.FromBytes(bytes, 0, bytes.Length), CancellationToken.None);
        PlanGraph whole = PlanGraphBuilder.Build(ShapeInference.Infer(model));
        yield return (0, whole);
        foreach (int chunks in ChunkCounts)
        {
            IReadOnlyList<RecurrentSplit> splits = RecurrentCandidates.Of(whole, chunks);
            if (splits.Count > 0)
                yield return (chunks, PlanGraphBuilder.Build(ShapeInference.Infer(RecurrentRewriter.Apply(model, splits))));
        }
    }

    /// <summary>What the planner places: two lanes of one thread beside the accelerator.</summary>
    public static PlacementProblem Problem(PlanGraph graph, AcceleratorProfile profile)
    {
        SizedGraph sized = new(graph, static _ => 1);
        // What is of unknown size looks as if it took no time.
        return sized.KnownPart() == 1 ? PlacementModel.Of(PlanUnits.Of(graph), sized, new CostModel(DeviceTables.Baked), profile, lanes: 2)
            : throw new InvalidDataException("Sizes of the model are not known.");
    }

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);
}
