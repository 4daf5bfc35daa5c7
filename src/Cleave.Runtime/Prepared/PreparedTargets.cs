using System.Linq;
using System.Reflection;
using System.Text;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Prepared;

/// <summary>Says what segments of an opened model must be prepared for to be used in this process. Thread-safe.</summary>
internal sealed class PreparedTargets(ModelDefinition definition, SessionSettings settings, ModelWeights weights, ModelPrecision precision)
{
    // Another one may cut, clean or widen a graph in another way. What is opened as published, it has no part in.
    private static readonly string CleaveVersion =
        typeof(PreparedTargets).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>The target of a segment; null where this process cannot say what it needs.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="isSliced">Whether ONNX Runtime gets a cleaned or cut copy of the graph.</param>
    /// <param name="why">Why there is none.</param>
    public PreparedTarget? Of(Segment segment, bool isSliced, out string why)
    {
        why = "";
        if (settings.Configured && settings.PreparedKey is null)
            why = "ConfigureSession has a say in its sessions, and what it does cannot be read back: set RunnerOptions.PreparedKey to a text that changes with it";
        else if (CpuSignature.Of() is not { } processor)
            why = "the processor cannot be told from others here";
        else if (NativeIdentity.Of() is not { } library)
            why = "the file of ONNX Runtime's native library was not found";
        else
            return Make(segment, isSliced, processor, library);
        return null;
    }

    /// <summary>Tells segments of one graph apart: by their nodes, and what they read and write.</summary>
    public static string PartOf(Segment segment) => Hashes.Of(Encoding.UTF8.GetBytes(string.Join('\n', [Nodes(segment), .. segment.Reads.Select(Name), "", .. segment.Writes.Select(Name)])));

    private static string Nodes(Segment segment) => segment.Recurrent.Length == 0 ? segment.Nodes : segment.Recurrent + ": " + segment.Nodes;

    private static string Name(Value value) => value.Name + ": " + value.Element.Word;

    private PreparedTarget Make(Segment segment, bool isSliced, string processor, string library)
    {
        return new PreparedTarget(
            definition.Name, segment.Name, definition.Hash, PartOf(segment), weights.Edges, OrtEnv.Instance().GetVersionString(), library, processor,
            settings.Words + (isSliced ? ", sliced by Cleave " + CleaveVersion : ", as published") + (precision.Widens(segment) ? ", 16 bits widened to 32" : ""));
    }
}
