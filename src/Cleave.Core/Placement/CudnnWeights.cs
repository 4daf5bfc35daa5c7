using Cleave.Core.Cost;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Recurrent;

namespace Cleave.Core.Placement;

/// <summary>
/// What a recurrent layer holds on a GPU beside its weights as the model has them: ONNX Runtime's kernel arranges them as cuDNN wants them, into memory of its own that it keeps as long as
/// the session is open, where they are constant (<c>CudnnRnnBase::CacheCudnnRnnWeights</c>, onnxruntime/core/providers/cuda/rnn/cudnn_rnn_base.cc). The session keeps its own, too. Each node has such a copy, so each chunk of a layer that is split over time.
/// </summary>
internal static class CudnnWeights
{
    /// <summary>Bytes of that copy; 0 for other operators, and where the weights are not constant.</summary>
    public static double Bytes(SizedGraph graph, Node node)
    {
        if (node.Domain.Length > 0 || node.OpType is not ("LSTM" or "GRU" or "RNN"))
            return 0;
        string weights = RecurrentNode.Input(node, RecurrentNode.Weights), recurrent = RecurrentNode.Input(node, RecurrentNode.Recurrent);
        if (!graph.IsConstant(weights) || !graph.IsConstant(recurrent))
            return 0;
        string biases = RecurrentNode.Input(node, RecurrentNode.Biases);
        return graph.Bytes(weights) + graph.Bytes(recurrent) + (biases.Length > 0 ? graph.Bytes(biases) : 0);
    }
}
