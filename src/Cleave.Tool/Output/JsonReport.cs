using System.IO;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cleave.Tool.Inspection;

namespace Cleave.Tool.Output;

/// <summary>Writes a report as JSON. Everything outside ASCII is escaped, so hostile names do a terminal no harm.</summary>
internal static class JsonReport
{
    public static void Write(ModelReport report, TextWriter output)
    {
        output.Write(JsonSerializer.Serialize(report, ReportJsonContext.Default.ModelReport));
        output.Write('\n');
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    NewLine = "\n",
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ModelReport))]
internal sealed partial class ReportJsonContext : JsonSerializerContext;
