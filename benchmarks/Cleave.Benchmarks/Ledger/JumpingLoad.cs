using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Ledger;

/// <summary>
/// The service under a load that jumps between one and eight clients every five seconds, for a minute; against a clairvoyant who takes at each
/// moment the static set-up that is best for it.
/// </summary>
internal sealed class JumpingLoad : IFamily
{
    private const string What = "service of three models, load that jumps 1, 8, 1 clients every 5 s for 60 s: throughput against a clairvoyant static choice";
    private const string Target = ">= 0.93x";
    private const string WhatSessions = "the same, Cleave: sessions created on the request path";
    private const string TargetSessions = "0";
    // Of 15 seconds each.
    private const int Periods = 4;
    private const int Phases = 3;
    private const int Many = 8;
    private const string Client = "client";
    private static readonly TimeSpan Phase = TimeSpan.FromSeconds(5);

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        // A row alone: --models sessions.
        bool isHere = TestKit.SharedModels.Exist;
        if (options.Has("throughput"))
            yield return isHere ? Throughput(options) : Line.NotMeasured(What, Target, "the shared models are absent");
        if (options.Has("sessions"))
            yield return isHere ? Sessions() : Line.NotMeasured(WhatSessions, TargetSessions, "the shared models are absent");
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name switch
    {
        "jumping" => new Jumps((Callers)(Service.CreateWorkload(arguments[0], arguments[1..]) ?? throw new ArgumentException("No service is named " + arguments[0], nameof(arguments)))),
        "jumping-sessions" => new SessionCount(int.Parse(arguments[0], CultureInfo.InvariantCulture), arguments[1..]),
        _ => null,
    };

    private static Line Throughput(BenchOptions options)
    {
        Candidate[] candidates = [.. Service.Candidates(Many).Where(c => c.Name != Service.Defaults).Select(c => c with { Workload = "jumping", Arguments = [c.Workload, .. c.Arguments] })];
        Samples samples = Interleaved.Measure(candidates, new MeasureSettings { Rounds = options.Rounds(Periods), LeastCalls = Phases, MostCalls = Phases, WarmUp = TimeSpan.FromSeconds(1) });
        string[] statics = [.. candidates.Select(c => c.Name).Where(n => n != Service.Ours)];
        // In each phase the set-up that is the best for as many clients.
        string one = statics.MaxBy(n => Requests(samples, n, 0).Zip(Requests(samples, n, 2), static (a, b) => a + b).Average())!, many = statics.MaxBy(n => Requests(samples, n, 1).Average())!;
        double[] clairvoyant = [.. Requests(samples, one, 0).Zip(Requests(samples, many, 1), Requests(samples, one, 2)).Select(static r => r.First + r.Second + r.Third)];
        double[] ours = [.. Enumerable.Range(0, clairvoyant.Length).Select(round => Enumerable.Range(0, Phases).Sum(phase => Requests(samples, Service.Ours, phase)[round]))];
        Interval ratio = Statistics.MedianInterval(ours.Zip(clairvoyant, static (a, b) => a / b));
        return Line.Of(What, Target, string.Create(CultureInfo.InvariantCulture,
            $"{ratio.AsRatio()} ({ours.Average():0} and {clairvoyant.Average():0} requests in 15 s, {one} and {many})"), ratio.High >= 0.93, samples);
    }

    // In a process of its own: whoever counts has the sessions configured.
    private static Line Sessions()
    {
        Candidate ours = Service.Candidates(Many).Single(c => c.Name == Service.Ours);
        using WorkerProcess worker = new(Interleaved.Host, "jumping-sessions", ours.Arguments);
        double[] made = worker.Block(3).Nanoseconds;
        return Line.Of(WhatSessions, TargetSessions, string.Create(CultureInfo.InvariantCulture,
            $"{made[0]:0}, while {made[1]:0} were created beside {made[2]:0} requests"), made[0] == 0 && made[1] > 0, made);
    }

    private static double[] Requests(Samples samples, string candidate, int phase) =>
        [.. samples.Blocks[candidate].Select(b => Phase.TotalNanoseconds / b.Nanoseconds[phase])];

    // Requests in five seconds of so many clients, each with a thread of its own.
    private static int Requests(Callers clients, int active)
    {
        int requests = 0;
        long end = Stopwatch.GetTimestamp() + (long)(Phase.TotalSeconds * Stopwatch.Frequency);
        Thread[] threads = [.. clients.Calls.Take(active).Select(call => new Thread(() =>
        {
            while (Stopwatch.GetTimestamp() < end)
            {
                call();
                Interlocked.Increment(ref requests);
            }
        })
        { Name = Client })];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        return requests;
    }

    /// <summary>Not times, but counts, from the first request on: the sessions created by threads that run requests, and by others, and the requests.</summary>
    private sealed class SessionCount : IWorkload
    {
        private readonly Callers _clients;
        private int _byClients;
        private int _byOthers;

        public SessionCount(int clients, string[] paths)
        {
            _clients = Service.OfRunners(clients, paths, () => Interlocked.Increment(ref Thread.CurrentThread.Name == Client ? ref _byClients : ref _byOthers));
            // The first of each runner is made with it.
            _byOthers = 0;
        }

        public void Block(double[] nanoseconds)
        {
            nanoseconds[2] = Requests(_clients, 1) + Requests(_clients, Many) + Requests(_clients, 1);
            nanoseconds[0] = Volatile.Read(ref _byClients);
            nanoseconds[1] = Volatile.Read(ref _byOthers);
        }

        public void Dispose() => _clients.Dispose();
    }

    /// <summary>Three timings: nanoseconds a request with one client, with eight, and with one again.</summary>
    private sealed class Jumps(Callers clients) : IWorkload
    {
        public void Block(double[] nanoseconds)
        {
            if (nanoseconds.Length != Phases)
            {
                // Warming up.
                clients.Block(nanoseconds);
                return;
            }
            nanoseconds[0] = Phase.TotalNanoseconds / Requests(clients, 1);
            nanoseconds[1] = Phase.TotalNanoseconds / Requests(clients, Many);
            nanoseconds[2] = Phase.TotalNanoseconds / Requests(clients, 1);
        }

        public void Dispose() => clients.Dispose();
    }
}
