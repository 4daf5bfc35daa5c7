using System;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cleave.Tool.Inspection;

/// <summary>A dimension: a number, a name, or neither. In JSON: <c>3</c>, <c>"batch"</c>, <c>null</c>.</summary>
[JsonConverter(typeof(Converter))]
internal readonly record struct DimensionValue(long? Size, string? Name)
{
    public override string ToString() => Size?.ToString(CultureInfo.InvariantCulture) ?? Name ?? "?";

    internal sealed class Converter : JsonConverter<DimensionValue>
    {
        public override bool HandleNull => true;

        public override DimensionValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType switch
            {
                JsonTokenType.Number => new DimensionValue(reader.GetInt64(), null),
                JsonTokenType.String => new DimensionValue(null, reader.GetString()),
                JsonTokenType.Null => default,
                _ => throw new JsonException("a dimension is a number, a name or null"),
            };

        public override void Write(Utf8JsonWriter writer, DimensionValue value, JsonSerializerOptions options)
        {
            if (value.Size is { } size)
                writer.WriteNumberValue(size);
            else if (value.Name is { } name)
                writer.WriteStringValue(name);
            else
                writer.WriteNullValue();
        }
    }
}
