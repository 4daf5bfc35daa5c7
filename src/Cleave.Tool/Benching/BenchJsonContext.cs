using System.Text.Json.Serialization;

namespace Cleave.Tool.Benching;

// Not indented: there may be a million samples.
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    NewLine = "\n",
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(BenchReport))]
internal sealed partial class BenchJsonContext : JsonSerializerContext;
