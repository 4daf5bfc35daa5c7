using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

namespace Cleave.Core.Releases;

/// <summary>
/// Compares a model with the ONNX Runtime that a project resolved: what it would refuse when the application starts is
/// known from a table. An operator is reported once for each model, at the first node that uses it.
/// </summary>
internal sealed class ReleaseCheck
{
    private readonly OnnxModel _model;
    private readonly OnnxRuntimeRelease _release;
    private readonly string _version;
    private readonly List<Problem> _problems = [];
    private readonly HashSet<(string, string)> _seen = [];
    private readonly HashSet<(string, string)> _functions;

    private ReleaseCheck(OnnxModel model, OnnxRuntimeRelease release, string version)
    {
        _model = model;
        _release = release;
        _version = version;
        _functions = new(model.Functions.Select(f => (f.Domain, f.Name)));
    }

    /// <summary>What is wrong with the model for the ONNX Runtime of a package's version; nothing where the table has no such release.</summary>
    public static IReadOnlyList<Problem> Of(OnnxModel model, string version)
    {
        if (OnnxRuntimeRelease.Of(version) is not { } release)
            return [];
        ReleaseCheck check = new(model, release, version);
        check.IrVersion();
        check.Opsets();
        check.Nodes(model.Graph.Nodes, model.Opsets);
        foreach (ModelFunction function in model.Functions)
            check.Nodes(function.Nodes, function.Opsets);
        return check._problems;
    }

    private void IrVersion()
    {
        if (_model.IrVersion <= _release.IrVersion)
            return;
        string advice = Advice(OnnxRuntimeRelease.First(r => r.IrVersion >= _model.IrVersion), "set the model's ir_version to " + NumberText.Of(_release.IrVersion));
        _problems.Add(new Problem(Rules.IrTooNew, NumberText.Of(_model.IrVersion), _version, NumberText.Of(_release.IrVersion), advice));
    }

    private void Opsets()
    {
        foreach (OpsetImport opset in _model.Opsets)
        {
            if (_release.Highest(opset.Domain) is not { } highest || opset.Version <= highest)
                continue;
            string advice = Advice(OnnxRuntimeRelease.First(r => r.Highest(opset.Domain) >= opset.Version), "export the model with version " + NumberText.Of(highest) + " or lower");
            _problems.Add(new Problem(Rules.OpsetTooNew, NumberText.Of(opset.Version), Name(opset.Domain), _version, NumberText.Of(highest), advice));
        }
    }

    private void Nodes(IEnumerable<Node> nodes, IReadOnlyList<OpsetImport> opsets)
    {
        foreach (Node node in nodes)
        {
            if (opsets.FirstOrDefault(o => o.Domain == node.Domain) is { } opset && _release.Highest(node.Domain) >= opset.Version)
                Operator(node, opset);
            foreach (NodeAttribute attribute in node.Attributes)
            {
                foreach (OnnxGraph body in attribute.Graphs)
                    Nodes(body.Nodes, opsets);
            }
        }
    }

    private void Operator(Node node, OpsetImport opset)
    {
        if (_functions.Contains((node.Domain, node.OpType)))
            return;
        StandardOperator? known = StandardOperator.Find(node.Domain, node.OpType);
        bool removed = known?.Removed <= opset.Version;
        if ((known?.First <= opset.Version && !removed) || !_seen.Add((node.Domain, node.OpType)))
            return;
        _problems.Add(removed
            ? new Problem(Rules.OperatorRemoved, node.OpType, node.Name, NumberText.Of(known!.Removed!.Value), Name(node.Domain), NumberText.Of(opset.Version))
            : new Problem(Rules.OperatorUnknown, node.OpType, node.Name, NumberText.Of(opset.Version), Name(node.Domain), Why(node, known)));
    }

    private static string Why(Node node, StandardOperator? known)
    {
        if (known is not null)
            return "it comes with version " + NumberText.Of(known.First) + ". Export the model with that version or a later one";
        string? near = NearestNames.Within(node.OpType, StandardOperator.Names(node.Domain), 2).FirstOrDefault();
        return "no version known to Cleave has it" + (near is null ? "" : "; did the exporter mean " + near + "?")
            + ". Name the domain it belongs to, or export the model again";
    }

    private static string Advice(OnnxRuntimeRelease? works, string otherwise) => works is null
        ? "No release up to " + ReleaseTable.Releases[ReleaseTable.Releases.Length - 1].Number + " does: " + otherwise
        : "Reference ONNX Runtime " + works.Number + ".0 or later (Microsoft.ML.OnnxRuntime), or " + otherwise;

    private static string Name(string domain) => domain.Length == 0 ? "ai.onnx" : domain;
}
