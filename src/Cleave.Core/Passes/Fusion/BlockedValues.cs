using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Passes.Fusion;

/// <summary>
/// Which values ONNX Runtime's NchwcTransformer (level ALL, x64) holds in blocks of channels. It adds and activates inside a
/// convolution only what is in blocks already.
/// </summary>
internal sealed class BlockedValues
{
    // 16 with AVX-512, 8 with AVX2: what may be in blocks somewhere is taken as in blocks.
    private const long Block = 8;
    private const long LargestBlock = 16;
    private const long Alignment = 4;

    // A stream that each of very many blocks adds to is followed back from every block.
    private const int MostSources = 512;

    private readonly FusionView _view;
    private readonly bool[] _isBlocked;

    public BlockedValues(FusionView view)
    {
        _view = view;
        _isBlocked = new bool[view.Operators.Length];
        foreach (int node in view.Order)
            _isBlocked[node] = MakesBlocks(node);
    }

    /// <summary>Whether a value is made in blocks.</summary>
    public bool Has(int value) => _view.Producer(value) is >= 0 and var node && _isBlocked[node];

    /// <summary>Whether a node makes its output in blocks.</summary>
    public bool MadeBy(int node) => _isBlocked[node];

    /// <summary>
    /// The nodes whose values a node finds in blocks, and in turn those that they owe it to. Convolutions, and pools of whole blocks,
    /// owe it to nobody: ONNX Runtime reorders what they read.
    /// </summary>
    /// <returns>Null where they are too many to be kept together.</returns>
    public List<int>? Sources(int node)
    {
        List<int> sources = [];
        HashSet<int> seen = [];
        Add(node);
        for (int i = 0; i < sources.Count && sources.Count <= MostSources; i++)
        {
            if (!MakesItself(sources[i]))
                Add(sources[i]);
        }
        return sources.Count <= MostSources ? sources : null;

        void Add(int reader)
        {
            foreach (int input in _view.Inputs[reader])
            {
                if (Has(input) && seen.Add(_view.Producer(input)))
                    sources.Add(_view.Producer(input));
            }
        }
    }

    private bool MakesItself(int node) => _view.Operators[node] switch
    {
        "Conv" => true,
        "MaxPool" or "AveragePool" or "GlobalAveragePool" or "GlobalMaxPool" => HasFullBlocks(_view.Input(node, 0), LargestBlock),
        _ => false,
    };

    private bool MakesBlocks(int node) => _view.Operators[node] switch
    {
        "Conv" => IsConvolution(node),
        "MaxPool" or "AveragePool" or "GlobalAveragePool" or "GlobalMaxPool" => Has(_view.Input(node, 0)) || HasFullBlocks(_view.Input(node, 0), Block),
        "Relu" or "LeakyRelu" or "Sigmoid" or "Tanh" or "Clip" or "HardSigmoid" or "HardSwish" or "BatchNormalization" or "Resize" or "Upsample" =>
            Has(_view.Input(node, 0)),
        "Add" or "Mul" or "Sum" => _view.Inputs[node] is [var one, var other] && (IsPair(one, other) || (_view.Operators[node] == "Mul" && IsScaled(one, other))),
        "Concat" => _view.Int(node, "axis", 0) == 1 && System.Array.TrueForAll(_view.Inputs[node], Has),
        _ => false,
    };

    private bool IsPair(int one, int other) => Has(one) && Has(other)
        && (_view.Facts(one).Shape is not { } shape || _view.Facts(other).Shape is not { } same || shape.SequenceEqual(same));

    // A factor for each channel becomes a convolution.
    private bool IsScaled(int one, int other) => (Has(one) && _view.IsConstant(other)) || (Has(other) && _view.IsConstant(one));

    private bool IsConvolution(int node)
    {
        int weights = _view.Input(node, 1);
        if (!_view.IsConstant(weights))
            return false;
        // Where nothing is known of them: better together in vain than a fusion lost.
        if (_view.Facts(weights).Shape is null)
            return true;
        if (_view.Facts(weights) is not { Element: ElementType.Float, Shape: [{ Value: { } outputs }, { Value: { } inputs }, _, _] })
            return false;
        long groups = _view.Int(node, "group", 1);
        if (groups <= 0)
            return false;
        if (groups == 1)
            return inputs < Block || inputs % Alignment == 0;
        return outputs % Alignment == 0
            && ((inputs == 1 && outputs == groups) || (inputs % Block == 0 && outputs % groups == 0 && outputs / groups % Block == 0));
    }

    private bool HasFullBlocks(int value, long block) =>
        _view.Facts(value).Shape is [_, { Value: { } channels }, _, _] && channels % block == 0;
}
