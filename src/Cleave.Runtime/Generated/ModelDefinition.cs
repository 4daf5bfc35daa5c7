using System;
using System.ComponentModel;

namespace Cleave.Generated;

/// <summary>What a generated runner says of its model. Immutable.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class ModelDefinition
{
    /// <summary>The contract between generated code and this library, of runners and ensembles alike.</summary>
    internal const int ContractServed = 1;

    private readonly BatchAxis? _batch;

    /// <summary>Describes a model.</summary>
    /// <param name="contract">The contract that the code was generated for.</param>
    /// <param name="name">The model's name in messages, logs and thread names.</param>
    /// <param name="path">The model's place in the build output.</param>
    /// <param name="hash">The hash of its graph.</param>
    /// <param name="inputs">The inputs that the outputs need, in the model's order.</param>
    /// <param name="outputs">Its outputs, in the model's order; or the values chosen instead, in theirs.</param>
    /// <param name="budgets">The table of thread budgets, by rising cores.</param>
    public ModelDefinition(int contract, string name, string path, string hash, Value[] inputs, Value[] outputs, Budget[] budgets)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(hash);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(budgets);
        if (budgets.Length == 0)
            throw new ArgumentException("The table of thread budgets is empty.", nameof(budgets));
        Contract = contract;
        Name = name;
        Path = path;
        Hash = hash;
        Inputs = inputs;
        Outputs = outputs;
        Budgets = budgets;
    }

    private ModelDefinition(ModelDefinition other, Budget[] budgets)
        : this(other.Contract, other.Name, other.Path, other.Hash, other.Inputs, other.Outputs, budgets)
    {
        Options = other.Options;
        Batch = other.Batch;
        NoBatch = other.NoBatch;
        PlannedSizes = other.PlannedSizes;
        Times = other.Times;
        Device = other.Device;
    }

    /// <summary>What the item metadata says of how to open and run the model; null where it says nothing. What the application sets wins. Not changed any more.</summary>
    public RunnerOptions? Options { get; init; }

    /// <summary>The dimension along which samples stay apart; null where none is proven.</summary>
    /// <exception cref="ArgumentException">It has not one axis for each input and output.</exception>
    public BatchAxis? Batch
    {
        get => _batch;
        init
        {
            if (value != null && (value.Inputs.Length != Inputs.Length || value.Outputs.Length != Outputs.Length))
                throw new ArgumentException("The batch axis needs one axis for each input and output.", nameof(Batch));
            _batch = value;
        }
    }

    /// <summary>Why none is proven, and what helps, for messages; null where there is one, or nothing is said. Text from the model may be in it.</summary>
    public string? NoBatch { get; init; }

    /// <summary>What calls are predicted to take; null where nothing is predicted.</summary>
    public PredictedTimes? Times { get; init; }

    /// <summary>The sizes that the model was planned for, of the dimensions that callers choose, in the order of their first appearance in the inputs.</summary>
    public int[] PlannedSizes { get; init; } = [];

    /// <summary>How the model runs on an accelerator and the CPU together; null where it was not planned for one.</summary>
    public DevicePlan? Device { get; init; }

    /// <summary>The same, with what was measured in the place of what was predicted.</summary>
    internal ModelDefinition With(PredictedTimes times) => new(this, Budgets) { Times = times };

    /// <summary>The same under the name that the application gave the runner; null: it gave none.</summary>
    internal ModelDefinition Named(string? name) => name is null ? this : new(this, Budgets) { Name = name };

    /// <summary>The same with one way to run it, and nothing said about others.</summary>
    internal ModelDefinition Only(Budget budget) => new(this, [budget]) { Options = null, Batch = null, NoBatch = null, Times = null, Device = null };

    internal int Contract { get; }

    internal string Name { get; private init; }

    internal string Path { get; }

    internal string Hash { get; }

    internal Value[] Inputs { get; }

    internal Value[] Outputs { get; }

    internal Budget[] Budgets { get; }
}
