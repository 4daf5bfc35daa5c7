using System;
using System.Collections.Generic;
using System.Globalization;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>Reads the operator sets that a model or a function imports; of several with one domain the last counts, as in ONNX Runtime.</summary>
internal sealed class OpsetReader(WireReader wire)
{
    /// <summary>More are refused: each node's domain is looked for among them.</summary>
    public const int MostDomains = 1000;

    private readonly Dictionary<string, (long Version, long Place)> _imports = new(StringComparer.Ordinal);
    private long _place;

    /// <summary>Reads the OperatorSetIdProto of the current field.</summary>
    public void Read()
    {
        long start = wire.Position;
        string domain = "";
        long version = 0;
        long outer = wire.Enter();
        while (wire.Next())
        {
            if (wire.Tag == Tags.Opset.Domain)
                domain = ModelReader.Domain(wire.Name());
            else if (wire.Tag == Tags.Opset.Version)
                version = wire.Int64();
            else
                wire.Skip();
        }
        wire.Leave(outer);
        _imports[domain] = (version, _place++);
        if (_imports.Count > MostDomains)
            throw WireReader.Malformed(start, "operators of more than " + MostDomains.ToString(CultureInfo.InvariantCulture) + " domains are imported");
    }

    /// <summary>What was read since the last call, in the order of the file.</summary>
    public OpsetImport[] Take()
    {
        OpsetImport[] opsets = new OpsetImport[_imports.Count];
        long[] places = new long[opsets.Length];
        int count = 0;
        foreach (KeyValuePair<string, (long Version, long Place)> import in _imports)
        {
            places[count] = import.Value.Place;
            opsets[count++] = new OpsetImport(import.Key, import.Value.Version);
        }
        Array.Sort(places, opsets);
        _imports.Clear();
        return opsets;
    }
}
