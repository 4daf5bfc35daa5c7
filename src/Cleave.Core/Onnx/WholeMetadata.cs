using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>Metadata in full: what is read with a model is cut where it is very long.</summary>
internal static class WholeMetadata
{
    /// <summary>What a model says under a key; null where it says nothing.</summary>
    /// <param name="model">The model.</param>
    /// <param name="source">What it was read from.</param>
    /// <param name="key">The key; of several entries the last counts.</param>
    /// <exception cref="ModelException">The source has changed since.</exception>
    public static string? Of(OnnxModel model, ByteSource source, string key)
    {
        for (int i = model.MetadataMessages.Length - 1; i >= 0; i--)
        {
            if (model.Metadata[i].Key == key)
                return Value(source, model.MetadataMessages[i]);
        }
        return null;
    }

    private static string Value(ByteSource source, ByteRange message)
    {
        WireReader wire = new(source, CancellationToken.None);
        wire.GoTo(message);
        string value = "";
        while (wire.Next())
        {
            if (wire.Tag == Tags.Entry.Value)
                value = wire.Prose(int.MaxValue);
            else
                wire.Skip();
        }
        return value;
    }
}
