using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Clustering;
using Cleave.Core.Graph;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;

namespace Cleave.Core.Tests.Clustering;

/// <summary>Random graphs for planners, made without a file: thousands in a second. Times are random too.</summary>
internal sealed class RandomTasks
{
    public const double Call = 2000;
    public const double HandOff = 100;

    private RandomTasks(PlanUnits units, double[] times)
    {
        Units = units;
        Times = times;
        Tasks = new LaneTasks(units.Tasks, threads => Array.ConvertAll(times, t => t / threads), _ => Call, HandOff).WithClones(units.MayBeCloned());
    }

    public PlanUnits Units { get; }

    /// <summary>By unit, one thread.</summary>
    public double[] Times { get; }

    public LaneTasks Tasks { get; }

    public static IEnumerable<RandomTasks> Many(int count) => Enumerable.Range(0, count).Select(Make);

    private static RandomTasks Make(int seed)
    {
        Random random = new(seed);
        int nodes = 1 + random.Next(seed % 10 == 0 ? 80 : 25), reach = 2 + random.Next(20);
        List<string> values = ["x0", "x1"];
        List<Node> made = [];
        HashSet<string> read = [];
        for (int i = 0; i < nodes; i++)
        {
            string[] inputs = [.. Enumerable.Range(0, 1 + random.Next(random.Next(8) == 0 ? 6 : 2)).Select(_ => values[random.Next(Math.Max(0, values.Count - reach), values.Count)]).Distinct()];
            // Now and then a node gives two values, which different lanes may want.
            string[] outputs = inputs.Length == 1 && random.Next(4) == 0 ? ["v" + i, "w" + i] : ["v" + i];
            string op = outputs.Length == 2 ? "Split" : inputs.Length > 2 ? "Sum" : inputs.Length == 2 ? "Add" : random.Next(2) == 0 ? "Neg" : "Exp";
            made.Add(new Node("", op, "", inputs, outputs, []));
            read.UnionWith(inputs);
            values.AddRange(outputs);
        }
        ValueInfo Value(string name) => new(name, new OnnxType.Tensor(ElementType.Float, [Dimension.Fixed(1), Dimension.Fixed(4)]));
        OnnxModel model = new()
        {
            IrVersion = 8,
            Opsets = [new OpsetImport("", 17)],
            Graph = new OnnxGraph
            {
                Inputs = [Value("x0"), Value("x1")],
                Nodes = made,
                Outputs = [.. values.Where(v => v[0] != 'x' && (!read.Contains(v) || random.Next(12) == 0)).Select(Value)],
            },
        };
        PlanUnits units = PlanUnits.Of(PlanGraphBuilder.Build(ShapeInference.Infer(model)));
        double scale = Math.Pow(10, 2 + (random.NextDouble() * 3));
        return new RandomTasks(units, [.. Enumerable.Range(0, units.Tasks.Count).Select(_ => random.Next(6) == 0 ? 0 : Math.Pow(10, random.NextDouble() * 2) * scale / 10)]);
    }
}
