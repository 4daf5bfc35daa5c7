using System;
using System.Globalization;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.Tool.Quantizing.Search;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Quantizing;

/// <summary>What a quantised model says of itself: what it was made of, on which inputs, and how large its error may be.</summary>
internal static class QuantizedMetadata
{
    /// <param name="model">Takes it.</param>
    /// <param name="sourceDigest">Of the model of floats, weights beside it included.</param>
    /// <param name="inputs">What it was chosen on.</param>
    /// <param name="result">What was chosen.</param>
    /// <param name="maxError">The budget.</param>
    /// <param name="weightBits">Bits of a weight.</param>
    public static void Write(ModelProto model, string sourceDigest, InputSets inputs, SearchResult result, double maxError, int weightBits)
    {
        Set(model, QuantisationMetadata.Source, QuantisationMetadata.HashKind + sourceDigest);
        Set(model, QuantisationMetadata.Calibration, inputs.AreGiven ? string.Join(' ', inputs.Seen.Select(OfInputs).Order(StringComparer.Ordinal)) : "random");
        Set(model, QuantisationMetadata.MaxError, maxError.ToString("R", CultureInfo.InvariantCulture));
        Set(model, QuantisationMetadata.Norm, "largest over outputs and inputs of |q-f|2/|f|2");
        Set(model, QuantisationMetadata.Form, result.Form.Name);
        Set(model, QuantisationMetadata.Processor, weightBits == 8 ? QuantisationMetadata.Vnni : "any");
        Set(model, QuantisationMetadata.OnnxRuntime, OrtEnv.Instance().GetVersionString());
        Set(model, QuantisationMetadata.Operators, string.Join('\n', result.Chosen.Select(static c => c.Node).Order(StringComparer.Ordinal)));
    }

    /// <summary>Tells one set of inputs from another.</summary>
    public static string OfInputs(InputCase one)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, TensorCopy value) in one.Values.OrderBy(static v => v.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name + "\n" + value.Type + "\n" + string.Join(',', value.Shape) + "\n"));
            hash.AppendData(value.Bytes);
            foreach (string text in value.Strings ?? [])
                hash.AppendData(Encoding.UTF8.GetBytes(text + "\0"));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    private static void Set(ModelProto model, string key, string value)
    {
        if (model.MetadataProps.FirstOrDefault(p => p.Key == key) is { } known)
            known.Value = value;
        else
            model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
    }
}
