using System.Globalization;
using System.Linq;
using Cleave.Generator.Model;

namespace Cleave.Tool.Loose;

/// <summary>Open dimensions as <c>--dims</c> names them.</summary>
internal static class SymbolNames
{
    /// <summary>Its name; of one without a name its place.</summary>
    public static string NameOf(this RunnerSpec spec, SymbolSpec symbol) => symbol.IsNamed
        ? symbol.Name
        : spec.Inputs.SelectMany(input => input.Shape.Select((dim, axis) => (dim.Symbol, Place: string.Create(CultureInfo.InvariantCulture, $"{input.Name}[{axis}]"))))
            .First(d => d.Symbol == symbol.Name).Place;
}
