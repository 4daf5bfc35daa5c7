using System;
using System.IO;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cleave.Tool.Benching;
using Cleave.Tool.Fixing;
using Cleave.Tool.Inspection;
using Cleave.Tool.Planning;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Validation;
using Cleave.Tool.Verification;

namespace Cleave.Tool.Output;

/// <summary>Writes reports as JSON. Everything outside ASCII is escaped, so hostile names do a terminal no harm.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    Converters = [typeof(FiniteNumber)],
    WriteIndented = true,
    NewLine = "\n",
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ModelReport))]
[JsonSerializable(typeof(PlanReport))]
[JsonSerializable(typeof(BenchReport))]
[JsonSerializable(typeof(Tuning.TuneReport))]
[JsonSerializable(typeof(Ensembles.EnsembleReport))]
[JsonSerializable(typeof(VerifyReport))]
[JsonSerializable(typeof(FixReport))]
[JsonSerializable(typeof(QuantizeReport))]
[JsonSerializable(typeof(SourceComparison))]
[JsonSerializable(typeof(ValidationReport))]
internal sealed partial class JsonReport : JsonSerializerContext
{
    /// <summary>Without indentation, for reports of a million samples.</summary>
    public static JsonReport Compact => new(new JsonSerializerOptions(Default.Options) { WriteIndented = false });

    public static void Write<T>(T report, JsonTypeInfo<T> type, TextWriter output)
    {
        output.Write(JsonSerializer.Serialize(report, type));
        output.Write('\n');
    }

    // JSON has no infinity, and programs that read numbers do not expect texts among them.
    private sealed class FiniteNumber : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value))
                writer.WriteNumberValue(value);
            else
                writer.WriteNullValue();
        }
    }
}
