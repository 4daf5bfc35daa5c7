namespace PageReader.Training.Network;

/// <summary>Weights that are learnt. Workers share the values, and each has a gradient of its own.</summary>
internal sealed class Parameters
{
    private Parameters(string name, int[] shape, float[] values)
    {
        (Name, Shape, Values) = (name, shape, values);
        Gradient = new float[values.Length];
    }

    public string Name { get; }

    public int[] Shape { get; }

    public float[] Values { get; }

    public float[] Gradient { get; }

    public static Parameters Zero(string name, params int[] shape) =>
        new(name, shape, new float[shape.Aggregate(1, (product, size) => product * size)]);

    /// <summary>Random values whose products keep their size: deviation √(2 / inputs) (He et al. 2015).</summary>
    public static Parameters Random(string name, SeededRandom random, params int[] shape)
    {
        Parameters parameters = Zero(name, shape);
        float deviation = MathF.Sqrt(2f / shape.Skip(1).Aggregate(1, (product, size) => product * size));
        for (int i = 0; i < parameters.Values.Length; i++)
            parameters.Values[i] = random.Normal() * deviation;
        return parameters;
    }

    /// <summary>The same weights for another worker.</summary>
    public Parameters Shared() => new(Name, Shape, Values);
}
