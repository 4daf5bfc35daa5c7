using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Native = System.Runtime.InteropServices.NativeLibrary;

namespace Cleave.Sessions;

/// <summary>
/// Asks ONNX Runtime which execution provider runs which node of a session (<c>Session_GetEpGraphAssignmentInfo</c>, since 1.24). The C# binding has no way to it, so it is
/// called by its place in the table of the C API, which only ever grows.
/// </summary>
internal static unsafe class NodeAssignments
{
    /// <summary>The configuration entry that a session must have been created with.</summary>
    public const string RecordKey = "session.record_ep_graph_assignment_info";

    private const uint Version = 24;
    private const int GetErrorMessage = 2;
    private const int ReleaseStatus = 93;
    private const int GetSubgraphs = 407;
    private const int GetProvider = 408;
    private const int GetNodes = 409;
    private const int GetNodeName = 410;
    private const int GetNodeOperator = 412;

    /// <summary>The nodes of a session that was created with <see cref="RecordKey"/>; null where this ONNX Runtime, or its C# binding, has no way to say.</summary>
    /// <exception cref="InvalidOperationException">ONNX Runtime refused: the session was created without the entry.</exception>
    public static IReadOnlyList<NodeAssignment>? Of(InferenceSession session)
    {
        nint handle;
        try
        {
            handle = Handle(session);
        }
        catch (MissingMethodException)
        {
            return null;
        }
        void** api = Table();
        if (api == null)
            return null;
        nint* subgraphs;
        nuint count;
        Check(api, ((delegate* unmanaged<nint, nint**, nuint*, nint>)api[GetSubgraphs])(handle, &subgraphs, &count));
        List<NodeAssignment> found = [];
        for (nuint i = 0; i < count; i++)
        {
            string provider = Text(api, GetProvider, subgraphs[i]);
            nint* nodes;
            nuint nodeCount;
            Check(api, ((delegate* unmanaged<nint, nint**, nuint*, nint>)api[GetNodes])(subgraphs[i], &nodes, &nodeCount));
            for (nuint n = 0; n < nodeCount; n++)
                found.Add(new NodeAssignment(provider, Text(api, GetNodeOperator, nodes[n]), Text(api, GetNodeName, nodes[n])));
        }
        GC.KeepAlive(session);
        return found;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Handle")]
    private static extern nint Handle(InferenceSession session);

    private static void** Table()
    {
        if (!Native.TryLoad("onnxruntime", typeof(InferenceSession).Assembly, null, out nint library) || !Native.TryGetExport(library, "OrtGetApiBase", out nint getBase))
            return null;
        void** apiBase = ((delegate* unmanaged<void**>)getBase)();
        return ((delegate* unmanaged<uint, void**>)apiBase[0])(Version);
    }

    private static string Text(void** api, int function, nint of)
    {
        nint text;
        Check(api, ((delegate* unmanaged<nint, nint*, nint>)api[function])(of, &text));
        return Marshal.PtrToStringUTF8(text) ?? "";
    }

    private static void Check(void** api, nint status)
    {
        if (status == 0)
            return;
        string message = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)api[GetErrorMessage])(status)) ?? "";
        ((delegate* unmanaged<nint, void>)api[ReleaseStatus])(status);
        throw new InvalidOperationException(message);
    }
}
