using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace Cleave.Core.Listing;

/// <summary>Writes and reads <c>.ensemble</c> files: lines of a keyword and its values, escaped as in addresses. Equal ensembles give equal bytes.</summary>
internal static class EnsembleText
{
    /// <summary>How such a file's name ends.</summary>
    public const string Ending = ".ensemble";

    private const string First = "cleave-ensemble 1";

    public static void Write(EnsembleListing ensemble, Stream stream)
    {
        StringBuilder text = new();
        text.Append(First).Append('\n');
        Line("name", ensemble.Name);
        Line("source", ensemble.Source);
        Line("path", ensemble.Path);
        Line("namespace", ensemble.Namespace);
        Line("class", ensemble.ClassName);
        Line("access", ensemble.Access);
        foreach (string rule in ensemble.Combine)
            Line("combine", rule);
        foreach (string weight in ensemble.Weights)
            Line("weight", weight);
        foreach (string device in ensemble.Devices)
            Line("device", device);
        foreach (EnsembleMemberEntry member in ensemble.Members)
            Line("member", member.Source, member.Path);
        foreach (EnsembleTuningEntry tuning in ensemble.Tunings)
            Line("tuned", [tuning.Machine, .. tuning.Graphs]);
        if (ensemble.TuningProblem.Length > 0)
            Line("untuned", ensemble.TuningProblem);
        foreach (KeyValuePair<string, string> unused in ensemble.Unused)
            Line("unused", unused.Key, unused.Value);
        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
        stream.Write(bytes, 0, bytes.Length);

        void Line(string keyword, params string[] values)
        {
            text.Append(keyword);
            foreach (string value in values)
                text.Append(' ').Append(Uri.EscapeDataString(value));
            text.Append('\n');
        }
    }

    /// <exception cref="ListingException">It is no such file, or of another version.</exception>
    public static EnsembleListing Read(string text)
    {
        string[] lines = text.Split('\n');
        if (lines[0].TrimEnd('\r') != First)
            throw new ListingException(1, "it does not begin with '" + First + "'");
        EnsembleListing ensemble = new();
        for (int i = 1; i < lines.Length; i++)
        {
            string line = lines[i].TrimEnd('\r');
            if (line.Length > 0)
                ensemble = With(ensemble, line.Split(' '), i + 1);
        }
        return ensemble;
    }

    private static EnsembleListing With(EnsembleListing ensemble, string[] fields, int line)
    {
        string value = fields.Length > 1 ? Uri.UnescapeDataString(fields[1]) : throw new ListingException(line, "a value is missing");
        return fields[0] switch
        {
            "name" => ensemble with { Name = value },
            "source" => ensemble with { Source = value },
            "path" => ensemble with { Path = value },
            "namespace" => ensemble with { Namespace = value },
            "class" => ensemble with { ClassName = value },
            "access" => ensemble with { Access = value },
            "combine" => ensemble with { Combine = [.. ensemble.Combine, value] },
            "weight" => ensemble with { Weights = [.. ensemble.Weights, value] },
            "device" => ensemble with { Devices = [.. ensemble.Devices, value] },
            "member" when fields.Length > 2 => ensemble with { Members = [.. ensemble.Members, new EnsembleMemberEntry(value, Uri.UnescapeDataString(fields[2]))] },
            "tuned" => ensemble with { Tunings = [.. ensemble.Tunings, new EnsembleTuningEntry(value, [.. fields.Skip(2).Select(Uri.UnescapeDataString)])] },
            "unused" when fields.Length > 2 => ensemble with { Unused = [.. ensemble.Unused, new KeyValuePair<string, string>(value, Uri.UnescapeDataString(fields[2]))] },
            "untuned" => ensemble with { TuningProblem = value },
            _ => throw new ListingException(line, "'" + fields[0] + "' is not understood"),
        };
    }
}
