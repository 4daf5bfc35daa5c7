using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Placement;

/// <summary>Kernels of one operator in ONNX Runtime's CUDA provider, read from <see cref="CudaKernelTable"/>.</summary>
/// <remarks>
/// ONNX Runtime compares the version since which the node's schema is as it is in the model's operator set ("since version") with the kernel's versions
/// (<c>KernelRegistry</c>'s <c>VerifyVersion</c>, onnxruntime/core/framework/kernel_registry.cc). A kernel with a last version serves all since versions from its first to its last.
/// One without ("13+") serves its first version only: whether it can do what a newer schema asks was not known when it was written. So "14+" serves a later operator set
/// as long as the schema there is still that of 14, and no longer.
/// </remarks>
internal sealed class CudaKernels
{
    private const int Open = int.MaxValue;

    private const string Letters = "fhblisu";

    private static readonly ElementType[] Types = [ElementType.Float, ElementType.Float16, ElementType.Bool, ElementType.Int64, ElementType.Int32, ElementType.Int8, ElementType.UInt8];

    private static readonly Lazy<Dictionary<string, CudaKernels>> All = new(static () => CudaKernelTable.Kernels.Split(['\n'], StringSplitOptions.RemoveEmptyEntries)
        .Select(static l => new CudaKernels(l.Trim())).ToDictionary(static k => k.Name, StringComparer.Ordinal));

    private readonly Kernel[] _kernels;

    private CudaKernels(string line)
    {
        string[] parts = line.Split('|');
        string[] words = Words(parts[0]);
        Name = words[0];
        Versions = [.. words.Skip(1).Select(Number)];
        _kernels = [.. parts.Skip(1).Select(Read)];
    }

    public string Name { get; }

    /// <summary>The versions of its schema, rising.</summary>
    public IReadOnlyList<int> Versions { get; }

    /// <summary>The versions of its kernels, first and last.</summary>
    public IEnumerable<(int First, int Last)> Ranges => _kernels.Select(static k => (k.First, k.Last));

    /// <summary>All operators of the table.</summary>
    public static IEnumerable<CudaKernels> Operators => All.Value.Values;

    /// <summary>Whether the provider has a kernel for a node of ONNX's own domain, with an operator set of that version. Values of unknown type are served by none.</summary>
    public static bool Serves(Node node, long operatorSet, Func<string, ElementType> type)
    {
        if (operatorSet > CudaKernelTable.NewestOperatorSet || !All.Value.TryGetValue(node.OpType, out CudaKernels? known))
            return false;
        int since = known.Versions.LastOrDefault(v => v <= operatorSet);
        return known._kernels.Any(k => k.Serves(since) && Fit(node.Inputs, k.Inputs, type) && Fit(node.Outputs, k.Outputs, type));
    }

    private static bool Fit(string[] values, ElementType[][] types, Func<string, ElementType> type)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i].Length > 0 && !types[Math.Min(i, types.Length - 1)].Contains(type(values[i])))
                return false;
        }
        return true;
    }

    private static Kernel Read(string text)
    {
        string[] sides = text.Split('>');
        string[] inputs = Words(sides[0]);
        string[] versions = inputs[0].TrimEnd('+').Split('-');
        ElementType[][] read = [.. inputs.Skip(1).Select(TypesOf)];
        return new Kernel(
            Number(versions[0]), inputs[0].EndsWith("+", StringComparison.Ordinal) ? Open : Number(versions[^1]),
            read, sides.Length > 1 ? [.. Words(sides[1]).Select(TypesOf)] : read);
    }

    private static ElementType[] TypesOf(string letters) => letters == "*" ? Types : [.. letters.Select(static l => Types[Letters.IndexOf(l)])];

    private static string[] Words(string text) => text.Split([' '], StringSplitOptions.RemoveEmptyEntries);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private sealed record Kernel(int First, int Last, ElementType[][] Inputs, ElementType[][] Outputs)
    {
        // VerifyVersion: since versions are at least 1, first versions too.
        public bool Serves(int since) => since == First || (Last != Open && First <= since && since <= Last);
    }
}
