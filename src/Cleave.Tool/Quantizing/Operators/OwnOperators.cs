using System.Linq;
using Cleave.OnnxProto;

namespace Cleave.Tool.Quantizing.Operators;

/// <summary>ONNX Runtime's own operators, which other programs do not know (<c>--allow-ort-operators</c>).</summary>
internal static class OwnOperators
{
    public const string Domain = "com.microsoft";

    /// <summary>Says that the model has some.</summary>
    public static void Import(ModelProto model)
    {
        if (model.OpsetImport.All(static o => o.Domain != Domain))
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = Domain, Version = 1 });
    }

    public static AttributeProto Number(string name, long value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };
}
