using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Onnx;
using Cleave.Tool.Benching;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Ensembles;

/// <summary>What answers for an ensemble in a process of its own: its runner, or one session of ONNX Runtime after the other.</summary>
internal static class EnsembleCandidates
{
    public const string Ours = "Cleave";

    private const string Sessions = "ensemble-sessions";
    private const string Halves = "ensemble-halves";
    private const string Runner = "ensemble-runner";

    /// <summary>The members one after the other, bound by hand, by so many callers.</summary>
    public static Candidate OfSessions(string name, OrtConfiguration configuration, string[] paths) => OfSessions(name, [.. paths.Select(_ => configuration)], paths);

    /// <summary>The same, each member by its own configuration; all have equally many callers.</summary>
    public static Candidate OfSessions(string name, OrtConfiguration[] configurations, string[] paths) =>
        new(name, Sessions, [.. paths.SelectMany((p, i) => (string[])[p, .. configurations[i].ToArguments()])]) { Callers = configurations[0].Callers };

    /// <summary>The members in two halves at once, each member in a session of one thread, bound by hand.</summary>
    public static Candidate InTwoHalves(string name, string[] paths) => new(name, Halves, paths) { IsBound = true };

    /// <summary>The ensemble's runner.</summary>
    public static Candidate OfRunner(int callers, CombinationRule rule, int length, string[] paths) =>
        new(Ours, Runner, [Text(callers), rule.ToString(), Text(length), .. paths]) { Callers = callers, IsJudged = true };

    public static IWorkload? CreateWorkload(string name, string[] arguments)
    {
        if (name == Sessions)
        {
            string[][] members = [.. arguments.Chunk(5)];
            SessionCalls[] sessions = [.. members.Select(m => new SessionCalls(m[0], OrtConfiguration.Parse(m.AsSpan(1)), Inputs(m[0])))];
            return new Callers([.. Enumerable.Range(0, OrtConfiguration.Parse(members[0].AsSpan(1)).Callers).Select<int, Action>(caller => () =>
            {
                foreach (SessionCalls session in sessions)
                    session.Calls[caller]();
            })], new AllOf(sessions));
        }
        if (name == Halves)
        {
            SessionCalls[] sessions = [.. arguments.Select(path => new SessionCalls(path, new OrtConfiguration(1, Spinning.Off, Parallel: false, Callers: 1), Inputs(path)))];
            TwoHalves halves = new([.. sessions.Select(s => s.Calls[0])]);
            return new Callers([halves.Run], new AllOf([halves, .. sessions]));
        }
        if (name != Runner)
            return null;
        string[] paths = arguments[3..];
        LooseEnsembleRunner runner = LooseEnsembleRunner.Of(paths, Enum.Parse<CombinationRule>(arguments[1]), int.Parse(arguments[2], CultureInfo.InvariantCulture));
        RequestInputs inputs = Inputs(paths[0]);
        return new Callers([.. Enumerable.Range(0, int.Parse(arguments[0], CultureInfo.InvariantCulture)).Select<int, Action>(_ =>
        {
            LooseRequest request = runner.NewRequest(inputs);
            return () => runner.Run(request).Dispose();
        })], runner);
    }

    private static RequestInputs Inputs(string path) => RequestInputs.For(ModelReader.ReadFile(path), new Dictionary<string, string>(), new Dictionary<string, string>());

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed class AllOf(IReadOnlyList<IDisposable> owned) : IDisposable
    {
        public void Dispose()
        {
            foreach (IDisposable one in owned)
                one.Dispose();
        }
    }
}
