using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.OnnxProto;
using Google.Protobuf;

namespace Cleave.TestKit;

/// <summary>A folder in the layout of ONNX's test data: <c>test_data_set_0/input_0.pb</c>, <c>output_0.pb</c>, each a TensorProto.</summary>
public sealed class TestDataFolder(string path)
{
    private const string SetPrefix = "test_data_set_";

    /// <summary>The sets that are there, by number.</summary>
    public IReadOnlyList<string> Sets => Directory.Exists(path)
        ? [.. Directory.GetDirectories(path, SetPrefix + "*").OrderBy(static s => int.Parse(Path.GetFileName(s).AsSpan(SetPrefix.Length), CultureInfo.InvariantCulture))]
        : [];

    public string Set(int number = 0) => Path.Combine(path, string.Create(CultureInfo.InvariantCulture, $"{SetPrefix}{number}"));

    public string Input(int number = 0) => InputOf(Set(), number);

    public string Output(int number = 0) => OutputOf(Set(), number);

    public static string InputOf(string set, int number = 0) => Path.Combine(set, string.Create(CultureInfo.InvariantCulture, $"input_{number}.pb"));

    public static string OutputOf(string set, int number = 0) => Path.Combine(set, string.Create(CultureInfo.InvariantCulture, $"output_{number}.pb"));

    public static TensorProto Read(string file) => TensorProto.Parser.ParseFrom(File.ReadAllBytes(file));

    /// <summary>Writes the first input of a set, which it makes.</summary>
    public static void WriteInput(string set, TensorProto tensor)
    {
        Directory.CreateDirectory(set);
        File.WriteAllBytes(InputOf(set), tensor.ToByteArray());
    }
}
