using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;
using Cleave.Tool.Inspection;

namespace Cleave.Tool.Validation;

/// <summary>Operators that only an application registers, as it does in <c>RunnerOptions.ConfigureSession</c>: no command can load a model that has them.</summary>
internal static class CustomOperators
{
    // Listed, since others begin like them: those of ONNX Runtime Extensions are in ai.onnx.contrib and com.microsoft.extensions.
    private static readonly HashSet<string> DomainsOfOnnxRuntime =
    [
        "", Domains.MachineLearning, Domains.Training, "ai.onnx.training", Domains.Microsoft, Domains.Blocked, "com.microsoft.experimental", "com.ms.internal.nhwc", "org.pytorch.aten",
    ];

    /// <summary>What to add to the words about a model that does not load or run; "" where it has no such operators.</summary>
    /// <param name="file">The model.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static string WayOut(string file, CancellationToken cancellationToken)
    {
        string[] domains;
        try
        {
            domains = [.. DomainsOf(ModelReader.ReadFile(file, cancellationToken)).Except(DomainsOfOnnxRuntime).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is ModelException or IOException or UnauthorizedAccessException)
        {
            return "";
        }
        return domains.Length == 0 ? "" : $" (it has operators of '{string.Join("', '", domains)}': where the application registers them, Validate=\"false\" on the model's item leaves it out)";
    }

    // Functions of the file stand for nodes that are looked at themselves.
    private static IEnumerable<string> DomainsOf(OnnxModel model)
    {
        HashSet<(string, string)> functions = [.. model.Functions.Select(static f => (f.Domain, f.Name))];
        IEnumerable<Node> nodes = model.Functions.Select(static f => new OnnxGraph { Nodes = f.Nodes }).Append(model.Graph)
            .SelectMany(GraphWalk.WithBodies).SelectMany(static g => g.Nodes);
        return nodes.Where(n => !functions.Contains((n.Domain, n.OpType))).Select(static n => n.Domain);
    }
}
