using System.Collections.Generic;
using Cleave.OnnxProto;
using Cleave.Tool.Quantizing.Operators;

namespace Cleave.Tool.Quantizing.Forms;

/// <summary>A way to write operators in 8 bits.</summary>
internal interface IQuantizedForm
{
    /// <summary>For people and programs: dynamic, static, blocks.</summary>
    string Name { get; }

    /// <summary>Whether a row's result is the same whatever other rows there are: then the model keeps its batch axis.</summary>
    bool KeepsRowsApart { get; }

    /// <summary>Whether the form can write the operator; why not, else null.</summary>
    string? WhyNot(QuantizableOperator candidate);

    /// <summary>Writes the chosen operators of a model in 8 bits.</summary>
    /// <param name="model">Is changed; its weights stand in its messages, and its nodes have names.</param>
    /// <param name="chosen">Operators that the form can write.</param>
    void Apply(ModelProto model, IReadOnlyCollection<QuantizableOperator> chosen);
}
