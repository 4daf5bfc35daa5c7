using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Ensembles.Combining;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Cleave.Elements;

/// <summary>An element type: its C# type, ONNX Runtime's, and how its tensors are made.</summary>
internal abstract class Element
{
    // The table instantiates every generic type there will be, so nothing is left to reflection (AOT).
    private static readonly Dictionary<Type, Element> All = new()
    {
        [typeof(float)] = new NumberElement<float>(TensorElementType.Float, "float"),
        [typeof(double)] = new NumberElement<double>(TensorElementType.Double, "double"),
        [typeof(Half)] = new NumberElement<Half>(TensorElementType.Float16, "float16"),
        [typeof(BFloat16)] = new NumberElement<BFloat16>(TensorElementType.BFloat16, "bfloat16"),
        [typeof(sbyte)] = new NumberElement<sbyte>(TensorElementType.Int8, "int8"),
        [typeof(byte)] = new NumberElement<byte>(TensorElementType.UInt8, "uint8"),
        [typeof(short)] = new NumberElement<short>(TensorElementType.Int16, "int16"),
        [typeof(ushort)] = new NumberElement<ushort>(TensorElementType.UInt16, "uint16"),
        [typeof(int)] = new NumberElement<int>(TensorElementType.Int32, "int32"),
        [typeof(uint)] = new NumberElement<uint>(TensorElementType.UInt32, "uint32"),
        [typeof(long)] = new NumberElement<long>(TensorElementType.Int64, "int64"),
        [typeof(ulong)] = new NumberElement<ulong>(TensorElementType.UInt64, "uint64"),
        [typeof(bool)] = new NumberElement<bool>(TensorElementType.Bool, "bool"),
        [typeof(string)] = new StringElement(),
    };

    /// <summary>ONNX's word for the type.</summary>
    public abstract string Word { get; }

    public abstract ElementType Type { get; }

    /// <summary>Whether ONNX Runtime keeps the elements, instead of reading them where they lie.</summary>
    public virtual bool IsText => false;

    public abstract InputSlot NewInput(string name, int[] shape, int length);

    public abstract OutputSlot NewOutput(string name);

    /// <summary>An output of an ensemble, for a rule of the application.</summary>
    public abstract OutputSlot NewCombined(string name);

    /// <summary>Lays the outputs of an ensemble's members one after the other.</summary>
    public abstract OutputCombiner NewStack(string name, int members);

    /// <summary>Memory of ONNX Runtime's for a value inside the model; null where there can be none (strings).</summary>
    public abstract OrtValue? Allocate(int[] shape);

    public static Element Of<T>() => All.TryGetValue(typeof(T), out Element? element)
        ? element
        : throw new NotSupportedException("ONNX Runtime's C# binding can make no tensor of " + typeof(T) + ".");

    /// <summary>The same by ONNX's type, for code that is not generated.</summary>
    public static Element Of(ElementType type) => All.Values.FirstOrDefault(e => e.Type == type)
        ?? throw new NotSupportedException("ONNX Runtime's C# binding can make no tensor of " + type.Word() + ".");

    private sealed class NumberElement<T>(TensorElementType type, string word) : Element
        where T : unmanaged
    {
        public override string Word => word;

        // Both count as ONNX does.
        public override ElementType Type => (ElementType)(int)type;

        public override InputSlot NewInput(string name, int[] shape, int length) => new NumberInput<T>(type, name, shape, length);

        public override OutputSlot NewOutput(string name) => new NumberOutput<T>(type, name);

        public override OutputSlot NewCombined(string name) => new CombinedOutput<T>(name);

        public override OutputCombiner NewStack(string name, int members) => new StackCombiner<T>(name, members);

        public override OrtValue Allocate(int[] shape) =>
            OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, type, Array.ConvertAll(shape, static d => (long)d));
    }

    private sealed class StringElement : Element
    {
        public override string Word => "string";

        public override ElementType Type => ElementType.String;

        public override bool IsText => true;

        public override InputSlot NewInput(string name, int[] shape, int length) => new StringInput(name, shape, length);

        public override OutputSlot NewOutput(string name) => new StringOutput(name);

        public override OutputSlot NewCombined(string name) => new CombinedOutput<string>(name);

        public override OutputCombiner NewStack(string name, int members) => new StackCombiner<string>(name, members);

        public override OrtValue? Allocate(int[] shape) => null;
    }
}
