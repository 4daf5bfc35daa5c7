using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Generated;
using Cleave.Generator.Model;

namespace Cleave.TestKit.Generation;

/// <summary>A generated runner, driven by the names of the model. Exceptions come out as the runner throws them.</summary>
public sealed class GeneratedRunner : IDisposable, IAsyncDisposable
{
    private readonly GeneratedModel _model;
    private readonly RunnerSpec _spec;
    private readonly object _runner;

    internal GeneratedRunner(GeneratedModel model, object? options)
    {
        _model = model;
        _spec = model.Spec;
        _runner = Reflected.New(model.TypeOf(_spec.Runner), options);
    }

    /// <summary>The generated object itself.</summary>
    public object Runner => _runner;

    /// <summary>Runs the model; outputs by name, copied out of the pooled buffers.</summary>
    public IReadOnlyDictionary<string, TensorData> Run(
        IReadOnlyDictionary<string, TensorData> inputs, CancellationToken cancellationToken = default)
    {
        object output = Reflected.Invoke(_runner, "Run", NewInput(inputs), cancellationToken)!;
        using ((IDisposable)output)
            return Read(output);
    }

    /// <summary>Runs the model on its own thread.</summary>
    public async Task<IReadOnlyDictionary<string, TensorData>> RunAsync(
        IReadOnlyDictionary<string, TensorData> inputs, CancellationToken cancellationToken = default)
    {
        Task task = (Task)Reflected.Invoke(_runner, "RunAsync", NewInput(inputs), cancellationToken)!;
        await task.ConfigureAwait(false);
        object output = task.GetType().GetProperty("Result")!.GetValue(task)!;
        using ((IDisposable)output)
            return Read(output);
    }

    /// <summary>Runs the model for several inputs.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, TensorData>> RunMany(
        IReadOnlyList<IReadOnlyDictionary<string, TensorData>> inputs, CancellationToken cancellationToken = default)
    {
        Array typed = Array.CreateInstance(_model.TypeOf(_spec.Input), inputs.Count);
        for (int i = 0; i < inputs.Count; i++)
            typed.SetValue(NewInput(inputs[i]), i);
        object[] outputs = (object[])Reflected.Invoke(_runner, "RunMany", typed, cancellationToken)!;
        try
        {
            return [.. outputs.Select(Read)];
        }
        finally
        {
            foreach (object output in outputs)
                ((IDisposable)output).Dispose();
        }
    }

    /// <summary>Buffers for inputs of these shapes.</summary>
    public GeneratedCall CreateCall(IReadOnlyDictionary<string, int[]> shapes)
    {
        object?[] arguments =
        [
            .. Sizes(shapes).Cast<object?>(),
            .. _spec.Inputs.Where(i => !i.RankIsKnown).Select(i => (object?)shapes[i.Name]),
        ];
        return new GeneratedCall(_spec, Reflected.Invoke(_runner, "CreateCall", arguments)!);
    }

    /// <summary>An object of the generated input class.</summary>
    public object NewInput(IReadOnlyDictionary<string, TensorData> inputs)
    {
        Dictionary<string, int[]> shapes = inputs.ToDictionary(i => i.Key, i => i.Value.Shape);
        object input = Reflected.New(_model.TypeOf(_spec.Input), [.. Sizes(shapes).Cast<object?>()]);
        foreach (TensorSpec tensor in _spec.Inputs)
        {
            TensorData data = inputs[tensor.Name];
            PropertyInfo property = Reflected.Property(input, tensor.Property);
            property.SetValue(input, tensor.IsScalar ? data.Data.GetValue(0) : Activator.CreateInstance(property.PropertyType, data.Data));
            if (!tensor.RankIsKnown)
                Reflected.Property(input, tensor.ShapeProperty).SetValue(input, data.Shape);
        }
        return input;
    }

    public void Dispose() => ((IDisposable)_runner).Dispose();

    public ValueTask DisposeAsync() => ((IAsyncDisposable)_runner).DisposeAsync();

    // The symbolic dimensions' sizes, from the first input that has each.
    private IEnumerable<int> Sizes(IReadOnlyDictionary<string, int[]> shapes) =>
        _spec.Symbols.Select(symbol =>
        {
            TensorSpec input = _spec.Inputs.First(i => i.Shape.Any(d => d.Symbol == symbol.Name));
            int axis = input.Shape.ToList().FindIndex(d => d.Symbol == symbol.Name);
            return shapes[input.Name][axis];
        });

    private Dictionary<string, TensorData> Read(object output)
    {
        Dictionary<string, TensorData> results = [];
        foreach (TensorSpec tensor in _spec.Outputs)
            results[tensor.Name] = Reflected.ReadTensor(Reflected.Property(output, tensor.Property).GetValue(output)!);
        return results;
    }
}

/// <summary>A generated call: inputs are copied into its bound buffers, outputs out of them.</summary>
public sealed class GeneratedCall : IDisposable
{
    private readonly RunnerSpec _spec;
    private readonly object _call;

    internal GeneratedCall(RunnerSpec spec, object call)
    {
        _spec = spec;
        _call = call;
    }

    /// <summary>The generated object itself.</summary>
    public ModelCall Call => (ModelCall)_call;

    public void SetInput(string name, Array data)
    {
        TensorSpec tensor = _spec.Inputs.First(i => i.Name == name);
        Reflected.Fill(_call, Reflected.Property(_call, tensor.Property), data, tensor.IsScalar);
    }

    public void Run(CancellationToken cancellationToken = default) => Call.Run(cancellationToken);

    public TensorData Output(string name)
    {
        TensorSpec tensor = _spec.Outputs.First(o => o.Name == name);
        return Reflected.ReadTensor(Reflected.Property(_call, tensor.Property).GetValue(_call)!);
    }

    public void Dispose() => Call.Dispose();
}

/// <summary>Reaches members of generated types, which no test project knows at compile time.</summary>
internal static class Reflected
{
    private const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly;
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    private delegate Span<T> SpanGetter<TOwner, T>(TOwner owner);

    private delegate ref T RefGetter<TOwner, T>(TOwner owner);

    public static object New(Type type, params object?[] arguments)
    {
        ConstructorInfo constructor = type.GetConstructors().Single(c => c.GetParameters().Length == arguments.Length);
        return Unwrapped(() => constructor.Invoke(arguments));
    }

    public static object? Invoke(object target, string method, params object?[] arguments) =>
        Unwrapped(() => target.GetType().GetMethod(method)!.Invoke(target, arguments)!);

    // Declared by the generated type itself: it may hide a member of its base.
    public static PropertyInfo Property(object target, string name) =>
        target.GetType().GetProperty(name, Own) ?? throw new MissingMemberException(target.GetType().Name, name);

    public static TensorData ReadTensor(object tensor) =>
        (TensorData)Unwrapped(() => Call(nameof(Read), [tensor.GetType().GetGenericArguments()[0]], tensor));

    public static void Fill(object call, PropertyInfo property, Array data, bool scalar) =>
        Unwrapped(() => Call(scalar ? nameof(FillScalar) : nameof(FillSpan), [call.GetType(), data.GetType().GetElementType()!], call, property.GetMethod!, data));

    private static object Read<T>(OutputTensor<T> tensor) => new TensorData(tensor.ToArray(), tensor.Shape.ToArray());

    private static object FillSpan<TCall, T>(TCall call, MethodInfo getter, T[] data)
    {
        data.CopyTo(getter.CreateDelegate<SpanGetter<TCall, T>>()(call));
        return data;
    }

    private static object FillScalar<TCall, T>(TCall call, MethodInfo getter, T[] data)
    {
        getter.CreateDelegate<RefGetter<TCall, T>>()(call) = data[0];
        return data;
    }

    private static object Call(string method, Type[] types, params object[] arguments) =>
        typeof(Reflected).GetMethod(method, Any)!.MakeGenericMethod(types).Invoke(null, arguments)!;

    private static object Unwrapped(Func<object> invoke)
    {
        try
        {
            return invoke();
        }
        catch (TargetInvocationException e) when (e.InnerException is { } inner)
        {
            ExceptionDispatchInfo.Throw(inner);
            throw;
        }
    }
}
