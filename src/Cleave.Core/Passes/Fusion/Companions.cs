using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Passes.Fusion;

/// <summary>
/// What a fusion needs in its session beside its own nodes. These stay groups of their own, but a cut between them costs the fusion.
/// </summary>
internal sealed class Companions
{
    // A skip connection over more is cut, and its sum computed apart: that costs less than a region that cannot be split.
    private const int MostBetween = 32;
    private const int MostVisited = 256;

    private readonly FusionView _view;
    private readonly GroupMerger _units;
    private readonly int[] _place;
    // By node that makes a value in blocks: whether ONNX Runtime can still put a sum or an activation into the convolution that it is.
    private readonly bool[] _takesSum;
    private readonly bool[] _takesActivation;

    private Companions(FusionView view, GroupMerger units)
    {
        _view = view;
        _units = units;
        _takesSum = new bool[view.Operators.Length];
        _takesActivation = new bool[view.Operators.Length];
        _place = new int[view.Operators.Length];
        for (int i = 0; i < view.Order.Length; i++)
            _place[view.Order[i]] = i;
    }

    /// <summary>Merges what must be in one segment.</summary>
    /// <param name="view">The graph.</param>
    /// <param name="units">The fusion groups; made coarser.</param>
    [MethodImpl(JustInTime.Optimized)]
    public static void Take(FusionView view, GroupMerger units)
    {
        Companions companions = new(view, units);
        companions.TakeSourcesOfPassThroughs();
        companions.TakeReadersOfDuplicates();
        foreach (int node in view.Order)
        {
            if (!view.Layout.MadeBy(node))
                continue;
            companions.TakeReadersOfHardSwish(node);
            companions.TakeBlocks(node);
        }
    }

    // A node of several inputs cannot be removed where a segment begins with it (CanRemoveNode).
    private void TakeSourcesOfPassThroughs()
    {
        foreach (int node in _view.PassThroughs)
        {
            int source = _view.Producer(_view.Inputs[node][0]);
            if (source >= 0 && _view.Inputs[node].Length > 1)
                _units.TryMerge(null, [source, node]);
        }
    }

    // CommonSubexpressionElimination leaves nodes alone that give a segment's output. Where what makes their value takes the one that
    // is left along, it must not be given away more than once.
    private void TakeReadersOfDuplicates()
    {
        HashSet<int> seen = [];
        foreach ((_, int original) in _view.Duplicates)
        {
            if (!seen.Add(original))
                continue;
            int source = _view.Producer(_view.Input(original, 0));
            if (source >= 0 && _units.Together(source, original))
                _units.TryMerge(null, [original, .. _view.Uses(_view.Outputs[original][0])], MostBetween);
        }
    }

    // A convolution takes x · hardsigmoid(x) along only where the product stays inside the segment.
    private void TakeReadersOfHardSwish(int node)
    {
        int value = _view.Outputs[node][0];
        if (!_view.IsWanted(value) && IsHardSwish(node))
            _units.TryMerge(null, [node, .. _view.Uses(value)], MostBetween);
    }

    private bool IsHardSwish(int node) => _view.Operators[node] switch
    {
        "HardSwish" => IsTogether(node, _view.Inputs[node][0]),
        "Mul" => _view.Inputs[node].Any(i => IsTogether(node, i) && _view.Operators[_view.Producer(i)] == "HardSigmoid"),
        _ => false,
    };

    // NchwcTransformer (ALL): a sum goes into a convolution that makes one of its operands, and an activation into what it reads,
    // where all operands are in blocks. A batch normalisation, or a factor for each channel, is a convolution there.
    private void TakeBlocks(int node)
    {
        int[] operands = _view.Inputs[node];
        switch (_view.Operators[node])
        {
            case "Conv" or "BatchNormalization":
            case "Mul" when operands.Any(_view.IsConstant):
                _takesSum[node] = _takesActivation[node] = true;
                break;
            case "Add" or "Sum" when operands.Any(o => IsFree(o, _takesSum)):
                _takesActivation[node] = true;
                Hold(node);
                break;
            case "Relu" or "Sigmoid" or "Tanh" or "LeakyRelu" or "Clip" or "HardSigmoid" when IsFree(operands[0], _takesActivation):
                Hold(node);
                break;
        }
    }

    private bool IsFree(int value, bool[] takes) =>
        _view.Producer(value) is >= 0 and var producer && takes[producer] && _view.HasOneUse(producer);

    private void Hold(int node)
    {
        if (_view.Layout.Sources(node) is not { } sources || sources.TrueForAll(s => _units.Together(s, node)) || !AreInChain(Between(sources, node), sources))
            return;
        _units.TryMerge(null, [node, .. sources], MostBetween);
    }

    // A node and what it depends on, as far back as the first of the sources; sorted.
    private List<int> Between(List<int> sources, int node)
    {
        int first = sources.Min(s => _place[s]);
        HashSet<int> seen = [node];
        List<int> between = [node];
        for (int i = 0; i < between.Count && between.Count < MostVisited; i++)
        {
            foreach (int input in _view.Inputs[between[i]])
            {
                int producer = _view.Producer(input);
                if (producer >= 0 && _place[producer] > first && seen.Add(producer))
                    between.Add(producer);
            }
        }
        between.Sort((a, b) => _place[a].CompareTo(_place[b]));
        return between;
    }

    // Whether of the convolutions that depend on a source each depends on the one before: those that could run at once are worth more
    // than the fusion.
    private bool AreInChain(List<int> between, List<int> sources)
    {
        Dictionary<int, int> depths = sources.ToDictionary(s => s, _ => 0);
        HashSet<int> isSource = [.. sources];
        int convolutions = 0;
        foreach (int node in between)
        {
            int depth = -1;
            foreach (int input in _view.Inputs[node])
            {
                if (_view.Producer(input) >= 0 && depths.TryGetValue(_view.Producer(input), out int before))
                    depth = Math.Max(depth, before);
            }
            if (depth >= 0 && _view.Operators[node] == "Conv" && !isSource.Contains(node) && ++convolutions != ++depth)
                return false;
            if (depth >= 0)
                depths[node] = depth;
        }
        return true;
    }

    private bool IsTogether(int node, int value) => _view.Producer(value) is >= 0 and var producer && _units.Together(producer, node);
}
