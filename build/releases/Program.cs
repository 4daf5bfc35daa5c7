using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Microsoft.ML.OnnxRuntime;

// Prints what the ONNX Runtime beside this program loads, found by trying: the highest IR version, the highest version
// of each operator set, and for each operator named in the file given (a line "domain name" each) the first version of
// its set that has it and the first that has it no more ("-" for none).
string[][] operators = [.. File.ReadLines(args[0]).Select(l => l.Split(' ')).Where(l => l.Length == 2)];
using SessionOptions options = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, IntraOpNumThreads = 1 };
OrtEnv.Instance().EnvLogLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL;

Console.WriteLine($"ir {Highest(3, ir => Model(ir, [("", 9)]))}");
Dictionary<string, int> highest = [];
foreach (string domain in new[] { "ai.onnx", "ai.onnx.ml", "ai.onnx.preview.training" })
{
    highest[domain] = Highest(1, version => Model(8, domain == "ai.onnx" ? [("", version)] : [("", 9), (domain, version)]));
    Console.WriteLine($"opset {domain} {highest[domain]}");
}
foreach (string[] line in operators.Where(l => highest.ContainsKey(l[0])))
{
    int[] known = [.. Enumerable.Range(1, highest[line[0]]).Where(version => IsKnown(line[0], line[1], version))];
    if (known.Length == 0)
        continue;
    if (known[^1] - known[0] + 1 != known.Length)
        throw new InvalidOperationException($"{line[1]} is there, gone, and there again");
    Console.WriteLine($"operator {line[0]} {line[1]} {known[0]} {(known[^1] < highest[line[0]] ? (known[^1] + 1).ToString() : "-")}");
}

int Highest(int from, Func<int, byte[]> model)
{
    int version = from;
    while (Refusal(model(version + 1)) is null)
        version++;
    return version;
}

bool IsKnown(string domain, string name, int version)
{
    string said = Refusal(domain == "ai.onnx" ? Model(8, [("", version)], name) : Model(8, [("", 9), (domain, version)], name, domain)) ?? "";
    return !said.Contains("No Op registered for") && !said.Contains("is not a registered function/op") && !said.Contains("is deprecated");
}

// What ONNX Runtime says against the model; null where it loads it.
string? Refusal(byte[] model)
{
    try
    {
        using InferenceSession session = new(model, options);
        return null;
    }
    catch (OnnxRuntimeException e)
    {
        if (Environment.GetEnvironmentVariable("PROBE_SAYS") is not null)
            Console.Error.WriteLine(e.Message);
        return e.Message;
    }
}

// A model of one node, in the wire format of protobuf: x → node → y, two floats each.
static byte[] Model(int ir, (string Domain, int Version)[] sets, string name = "Identity", string domain = "")
{
    byte[] type = Message(1, Join(Number(1, 1), Message(2, Message(1, Number(1, 2)))));
    byte[] node = Join(Text(1, "x"), Text(2, "y"), Text(4, name), domain.Length > 0 ? Text(7, domain) : []);
    byte[] graph = Join(Message(1, node), Text(2, "g"), Message(11, Join(Text(1, "x"), Message(2, type))), Message(12, Join(Text(1, "y"), Message(2, type))));
    return Join([Number(1, ir), Message(7, graph), .. sets.Select(s => Message(8, Join(Text(1, s.Domain), Number(2, s.Version))))]);
}

static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(p => p)];

static byte[] Number(int field, int value) => [.. Varint(field << 3), .. Varint(value)];

static byte[] Text(int field, string text) => Message(field, Encoding.UTF8.GetBytes(text));

static byte[] Message(int field, byte[] content) => [.. Varint((field << 3) | 2), .. Varint(content.Length), .. content];

static IEnumerable<byte> Varint(int value)
{
    for (; value > 127; value >>= 7)
        yield return (byte)(value | 128);
    yield return (byte)value;
}
