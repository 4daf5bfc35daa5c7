using System;
using System.ComponentModel;
using System.Globalization;

namespace Cleave;

/// <summary>Options that one word says, as in an item's metadata: configuration may have <c>"Batching": "On"</c>.</summary>
internal abstract class WordConverter<TChoice> : TypeConverter
    where TChoice : struct, Enum
{
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string);

    public override object ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value)
    {
        foreach (TChoice choice in Enum.GetValues<TChoice>())
        {
            if (value is string word && word.Equals(choice.ToString(), StringComparison.OrdinalIgnoreCase))
                return Of(choice);
        }
        throw new FormatException("'" + value + "' is none of " + string.Join(", ", Enum.GetNames<TChoice>()) + ".");
    }

    protected abstract object Of(TChoice choice);
}
