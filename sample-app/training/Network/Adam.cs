namespace PageReader.Training.Network;

/// <summary>Steps down the gradient, as large for each weight as its gradients agree (D. Kingma and J. Ba, arXiv 1412.6980).</summary>
internal sealed class Adam(IReadOnlyList<Parameters> learnt)
{
    private const float First = 0.9f;
    private const float Second = 0.99f;

    private readonly float[][] _means = [.. learnt.Select(p => new float[p.Values.Length])];
    private readonly float[][] _squares = [.. learnt.Select(p => new float[p.Values.Length])];
    private float _firstLeft = 1;
    private float _secondLeft = 1;

    /// <summary>One step by the sum of the workers' gradients, in their order; they start again at zero.</summary>
    public void Step(float rate, IReadOnlyList<IReadOnlyList<Parameters>> workers)
    {
        _firstLeft *= First;
        _secondLeft *= Second;
        for (int p = 0; p < learnt.Count; p++)
        {
            float[] values = learnt[p].Values;
            for (int i = 0; i < values.Length; i++)
            {
                float gradient = 0;
                foreach (IReadOnlyList<Parameters> worker in workers)
                    gradient += worker[p].Gradient[i];
                ref float mean = ref _means[p][i];
                ref float square = ref _squares[p][i];
                mean += (1 - First) * (gradient - mean);
                square += (1 - Second) * (gradient * gradient - square);
                values[i] -= rate * (mean / (1 - _firstLeft)) / (MathF.Sqrt(square / (1 - _secondLeft)) + 1e-8f);
            }
            foreach (IReadOnlyList<Parameters> worker in workers)
                Array.Clear(worker[p].Gradient);
        }
    }
}
