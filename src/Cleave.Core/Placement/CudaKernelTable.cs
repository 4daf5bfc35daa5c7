namespace Cleave.Core.Placement;

/// <summary>
/// The kernels of ONNX Runtime's CUDA provider, of the operators that the planner knows. From <c>docs/OperatorKernels.md</c> of ONNX Runtime, the part
/// "CUDAExecutionProvider", at commit d31426f75dc59dbf0ba8f24a6da9bbbf065c5bed: it has the last change to operator sets before release 1.29 (pull request 28754) and lacks
/// what 1.30 added to CausalConvWithState (32168). A kernel that a later release added is missing here, so its operator stays on the CPU.
/// </summary>
internal static class CudaKernelTable
{
    /// <summary>The newest operator set whose operators are in it: the newest that releases to 1.31 load.</summary>
    public const int NewestOperatorSet = 26;

    /// <summary>
    /// In each line an operator, the versions of its schema (ONNX's <c>operator_sets.h</c>; a test asks ONNX Runtime), and its kernels: versions (those next to each other with equal
    /// types are one; "13+" is open) and the types of inputs, then after "&gt;" those of outputs. The last types of a side are those of all further values; without a "&gt;"
    /// both sides have the same. f float, h float16, b bool, l int64, i int32, s int8, u uint8, * all of them; other types, which the planner does not place, are left out.
    /// </summary>
    public const string Kernels = """
        Abs 1 6 13 | 6-12 fhlisu | 13+ fhlisu
        Add 1 6 7 13 14 | 7-13 fhli | 14+ fhlisu
        And 1 7 | 7+ b
        ArgMax 1 11 12 13 | 1-12 fh > l | 13+ fh > l
        ArgMin 1 11 12 13 | 1-12 fh > l | 13+ fh > l
        AveragePool 1 7 10 11 19 22 | 7-21 fh | 22+ fh
        BatchNormalization 1 6 7 9 14 15 | 7-14 fh | 15+ fh
        Cast 1 6 9 13 19 21 23 24 25 | 6-24 * | 25+ *
        Ceil 1 6 13 | 6-12 fh | 13+ fh
        Clip 1 6 11 12 13 | 6-11 f | 12 fhlsu | 13+ fhlsu
        Concat 1 4 11 13 | 4-12 * | 13+ *
        Conv 1 11 22 | 1-21 fh | 22+ fh
        ConvTranspose 1 11 22 | 1-21 fh | 22+ fh
        Cos 7 22 | 7-21 fh | 22+ fh
        CumSum 11 14 | 11-13 fli li > fli | 14+ fhli li > fhli
        DepthToSpace 1 11 13 | 1-12 fh | 13+ fh
        DequantizeLinear 10 13 19 21 23 24 25 | 10-18 su f su > f | 19-24 su fh su > fh | 25+ su fh su > fh
        Div 1 6 7 13 14 | 7-13 fhli | 14+ fhlisu
        Dropout 1 6 7 10 12 13 22 | 7-9 fh | 10-11 fh > fh b | 12 fh fh b > fh b | 13+ fh fh b > fh b
        Einsum 12 | 12+ fh
        Elu 1 6 22 | 6+ fh
        Equal 1 7 11 13 19 | 7-10 bli > b | 11-18 fhbli > b | 19+ fhbli > b
        Erf 9 13 | 9-12 fh | 13+ fh
        Exp 1 6 13 | 6-12 fh | 13+ fh
        Expand 8 13 | 8-12 * l > * | 13+ * l > *
        Flatten 1 9 11 13 21 23 24 25 | 1-24 * | 25+ *
        Floor 1 6 13 | 6-12 fh | 13+ fh
        GRU 1 3 7 14 22 | 7-21 fh fh fh fh i fh > fh | 22+ fh fh fh fh i fh > fh
        Gather 1 11 13 | 1-12 * li > * | 13+ * li > *
        GatherElements 11 13 | 11-12 * li > * | 13+ * li > *
        GatherND 11 12 13 | 11-12 fhbl l > fhbl | 13+ fhbl l > fhbl
        Gelu 20 | 20+ fh
        Gemm 1 6 7 9 11 13 | 7-12 fh | 13+ fh
        GlobalAveragePool 1 22 | 1-21 fh | 22+ fh
        GlobalMaxPool 1 22 | 1-21 fh | 22+ fh
        Greater 1 7 9 13 | 7-8 fh > b | 9-12 fhli > b | 13+ fhli > b
        GreaterOrEqual 12 16 | 12-15 fhli > b | 16+ fhli > b
        HardSigmoid 1 6 22 | 6-21 fh | 22+ fh
        HardSwish 14 22 | 14-21 fh | 22+ fh
        Identity 1 13 14 16 19 21 23 24 25 | 1-24 * | 25+ *
        InstanceNormalization 1 6 22 | 6+ fh
        LRN 1 13 | 1-12 fh | 13+ fh
        LSTM 1 7 14 22 | 7-21 fh fh fh fh i fh > fh | 22+ fh fh fh fh i fh > fh
        LayerNormalization 17 | 17+ fh > fh f
        LeakyRelu 1 6 16 | 6-15 fh | 16+ fh
        Less 1 7 9 13 | 7-8 fh > b | 9-12 fhli > b | 13+ fhli > b
        LessOrEqual 12 16 | 12-15 fhli > b | 16+ fhli > b
        Log 1 6 13 | 6-12 fh | 13+ fh
        LogSoftmax 1 11 13 | 1-12 fh | 13+ fh
        MatMul 1 9 13 | 1-12 fh | 13+ fh
        MatMulInteger 10 | 10+ s > i
        Max 1 6 8 12 13 | 6-11 fh | 12 fhli | 13+ fhli
        MaxPool 1 8 10 11 12 22 | 1-7 fh | 8-11 fh > fh l | 12+ fhsu > fhsu l
        Min 1 6 8 12 13 | 6-11 fh | 12 fhli | 13+ fhli
        Mod 10 13 | 10-12 fhli | 13+ fhli
        Mul 1 6 7 13 14 | 7-13 fhli | 14+ fhlisu
        Neg 1 6 13 | 6-12 fhlis | 13+ fhlis
        Not 1 | 1+ b
        Or 1 7 | 7+ b
        PRelu 1 6 7 9 16 | 7-15 fh | 16+ fh
        Pad 1 2 11 13 18 19 21 23 24 25 | 2-10 fh | 11-12 fh l fh > fh | 13-24 fhb l fhb li > fhb | 25+ fhb l fhb li > fhb
        Pow 1 7 12 13 15 | 7-11 fh | 12-14 fhli | 15+ fhli
        QuantizeLinear 10 13 19 21 23 24 25 | 10-18 f f su > su | 19-24 fh fh su > su | 25+ fh fh su > su
        RNN 1 7 14 22 | 7-21 fh fh fh fh i fh > fh | 22+ fh fh fh fh i fh > fh
        Reciprocal 1 6 13 | 6-12 fh | 13+ fh
        ReduceL1 1 11 13 18 | 1-17 fhi | 18+ fhi l > fhi
        ReduceL2 1 11 13 18 | 1-17 fhi | 18+ fhi l > fhi
        ReduceLogSum 1 11 13 18 | 1-17 fh | 18+ fh l > fh
        ReduceLogSumExp 1 11 13 18 | 1-17 fh | 18+ fh l > fh
        ReduceMax 1 11 12 13 18 20 | 1-17 fhlisu | 18-19 fhlisu l > fhlisu | 20+ fhlisu l > fhlisu
        ReduceMean 1 11 13 18 | 1-17 fhi | 18+ fhi l > fhi
        ReduceMin 1 11 12 13 18 20 | 1-17 fhlisu | 18-19 fhlisu l > fhlisu | 20+ fhlisu l > fhlisu
        ReduceProd 1 11 13 18 | 1-17 fhi | 18+ fhi l > fhi
        ReduceSum 1 11 13 | 1-12 fhli | 13+ fhli l > fhli
        ReduceSumSquare 1 11 13 18 | 1-17 fh | 18+ fh l > fh
        Relu 1 6 13 14 | 6-13 fh | 14+ fh
        Reshape 1 5 13 14 19 21 23 24 25 | 1-4 * | 5-24 * l > * | 25+ * l > *
        Resize 10 11 13 18 19 | 10 fhiu f > fhiu | 11-18 fhiu fh f l > fhiu | 19+ fhiu fh f l > fhiu
        Round 11 22 | 11-21 fh | 22+ fh
        ScatterElements 11 13 16 18 | 11-17 * li * > * | 18+ * li * > *
        ScatterND 11 13 16 18 | 11-17 * l * > * | 18+ * l * > *
        Selu 1 6 22 | 6+ fh
        Sigmoid 1 6 13 | 6-12 fh | 13+ fh
        Sign 9 13 | 13+ fhlisu
        Sin 7 22 | 7-21 fh | 22+ fh
        Slice 1 10 11 13 | 1-9 * | 10-12 * li > * | 13+ * li > *
        Softmax 1 11 13 | 1-12 fh | 13+ fh
        Softplus 1 22 | 1-21 fh | 22+ fh
        Softsign 1 22 | 1-21 fh | 22+ fh
        SpaceToDepth 1 13 | 1-12 fh | 13+ fh
        Split 1 2 11 13 18 | 2-12 * | 13-17 * l > * | 18+ * l > *
        Sqrt 1 6 13 | 6-12 fh | 13+ fh
        Squeeze 1 11 13 21 23 24 25 | 1-12 * | 13-24 * l > * | 25+ * l > *
        Sub 1 6 7 13 14 | 7-13 fhli | 14+ fhlisu
        Sum 1 6 8 13 | 6-12 fh | 13+ fh
        Tanh 1 6 13 | 6-12 fh | 13+ fh
        Tile 1 6 13 | 6-12 fhli l > fhli | 13+ fhli l > fhli
        TopK 1 10 11 24 | 1-9 fhli > fhli l | 10 fhli l > fhli l | 11-23 fhlisu l > fhlisu l | 24+ fhlisu l > fhlisu l
        Transpose 1 13 21 23 24 25 | 1-24 * | 25+ *
        Trilu 14 | 14+ * l > *
        Unsqueeze 1 11 13 21 23 24 25 | 1-12 * | 13-24 * l > * | 25+ * l > *
        Upsample 1 7 9 10 | 7-8 fhiu | 9 fhiu f > fhiu
        Where 9 16 | 9-15 b fhliu > fhliu | 16+ b fhliu > fhliu
        Xor 1 7 | 7+ b
        """;
}
