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
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    WriteIndented = true,
    NewLine = "\n",
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ModelReport))]
[JsonSerializable(typeof(PlanReport))]
[JsonSerializable(typeof(BenchReport))]
[JsonSerializable(typeof(TuningResult))]
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
}
