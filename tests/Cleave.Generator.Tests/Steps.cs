using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>What the pipeline computed again in a run, by the stages' names; a new stage is covered by itself.</summary>
internal sealed class Steps
{
    private static readonly string[] Names =
        [.. typeof(TrackingNames).GetFields(BindingFlags.Static | BindingFlags.Public).Select(f => (string)f.GetRawConstantValue()!)];

    private readonly GeneratorRunResult _result;

    private Steps(GeneratorRunResult result) => _result = result;

    public static Steps Of(GeneratorDriver driver) => new(driver.GetRunResult().Results.Single());

    public void AllCached()
    {
        foreach (string name in Names)
            IsCached(name);
        NothingIsWritten();
    }

    public Steps IsCached(string name) =>
        Expect(name, r => r is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged, "cached");

    public Steps IsModified(string name) =>
        Expect(name, r => r is IncrementalStepRunReason.Modified or IncrementalStepRunReason.New, "modified", any: true);

    /// <summary>The stage looked again and found the same.</summary>
    public Steps IsUnchanged(string name) => Expect(name, r => r == IncrementalStepRunReason.Unchanged, "unchanged", any: true).IsCached(name);

    public Steps NothingIsWritten()
    {
        foreach (IncrementalStepRunReason reason in Written())
            Assert.Equal(IncrementalStepRunReason.Cached, reason);
        return this;
    }

    /// <summary>So many outputs (a runner's source, or a diagnostic) were made again.</summary>
    public Steps Writes(int outputs)
    {
        Assert.Equal(outputs, Written().Count(r => r is IncrementalStepRunReason.Modified or IncrementalStepRunReason.New));
        return this;
    }

    private IEnumerable<IncrementalStepRunReason> Written() =>
        _result.TrackedOutputSteps.SelectMany(s => s.Value).SelectMany(s => s.Outputs).Select(o => o.Reason);

    private Steps Expect(string name, Func<IncrementalStepRunReason, bool> isExpected, string what, bool any = false)
    {
        // A stage that no value reached has no steps.
        if (!_result.TrackedSteps.TryGetValue(name, out ImmutableArray<IncrementalGeneratorRunStep> steps))
        {
            Assert.False(any, name + " was not reached");
            return this;
        }
        IncrementalStepRunReason[] reasons = [.. steps.SelectMany(s => s.Outputs).Select(o => o.Reason)];
        Assert.True(any ? reasons.Any(isExpected) : reasons.All(isExpected), name + " should be " + what + " but is " + string.Join(", ", reasons));
        return this;
    }
}

/// <summary>Walks everything the pipeline keeps between runs: a compilation in it would be kept alive, and make every value differ.</summary>
internal static class PipelineValues
{
    private static readonly ConcurrentDictionary<Type, FieldInfo[]> Fields = new();

    public static void AreFreeOfCompilations(GeneratorRunResult result)
    {
        HashSet<object> seen = new(ReferenceEqualityComparer.Instance);
        string[] names = [.. typeof(TrackingNames).GetFields(BindingFlags.Static | BindingFlags.Public).Select(f => f.Name)];
        foreach (string name in names)
        {
            if (!result.TrackedSteps.TryGetValue(name, out ImmutableArray<IncrementalGeneratorRunStep> steps))
                continue;
            foreach ((object value, _) in steps.SelectMany(s => s.Outputs))
                Walk(value, [name], seen);
        }
    }

    private static void Walk(object? value, List<string> path, HashSet<object> seen)
    {
        if (value is null || IsLeaf(value.GetType()) || (!value.GetType().IsValueType && !seen.Add(value)))
            return;
        if (value is Compilation or ISymbol or SyntaxNode or SyntaxTree or SemanticModel or Location or Diagnostic or AdditionalText)
            Assert.Fail(string.Join('.', path) + " holds a " + value.GetType().Name);
        if (value is System.Collections.IEnumerable items && !(value.GetType().GetElementType() is { } element && IsLeaf(element)))
        {
            path.Add("[]");
            foreach (object? item in items)
                Walk(item, path, seen);
            path.RemoveAt(path.Count - 1);
        }
        foreach (FieldInfo field in Fields.GetOrAdd(value.GetType(), FieldsOf))
        {
            path.Add(field.Name);
            Walk(field.GetValue(value), path, seen);
            path.RemoveAt(path.Count - 1);
        }
    }

    private static bool IsLeaf(Type type) => type.IsPrimitive || type.IsEnum || type == typeof(string);

    // Those that may hold something; a field is looked up once for its type, as there are many values.
    private static FieldInfo[] FieldsOf(Type type)
    {
        List<FieldInfo> fields = [];
        for (Type? at = type; at is not null && at != typeof(object); at = at.BaseType)
            fields.AddRange(at.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly).Where(f => !IsLeaf(f.FieldType)));
        return [.. fields];
    }
}
