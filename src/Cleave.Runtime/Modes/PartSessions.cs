using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Modes;

/// <summary>
/// Sessions of the whole model for parts of jobs that are given a number of threads that no mode has. Opened when they were missed for a while, on a thread of
/// their own, a few at most; there is none for other numbers then. Thread-safe.
/// </summary>
/// <param name="opener">Opens them.</param>
/// <param name="firstPlace">The place of the first of them among the runner's modes.</param>
/// <param name="cores">The runner's cores.</param>
internal sealed class PartSessions(ModeOpener opener, int firstPlace, int cores)
{
    /// <summary>
    /// So many sessions of several threads a runner has at most, those of its modes and of parts together, the one for all cores among them. Requests that meet may have more:
    /// one for each, of one mode (<see cref="ModeOpener.IsFullFor"/>).
    /// </summary>
    public const int MostThick = 5;

    /// <summary>How many of them may be of threads that no mode has.</summary>
    public const int Most = MostThick - 1;

    private readonly Dictionary<int, ModeInstances> _byThreads = [];
    // Which of them are open, or are being opened.
    private readonly bool[] _asked = new bool[Most];

    /// <summary>Those that are open.</summary>
    public RunnerMode[] Open
    {
        get
        {
            lock (_byThreads)
                return [.. _byThreads.OrderByDescending(static m => m.Key).SelectMany(static m => m.Value.Open)];
        }
    }

    /// <summary>Begins a part in a session of exactly so many threads where none runs yet; null where there is none.</summary>
    public RunnerMode? TryBegin(int threads)
    {
        ModeInstances? instances;
        lock (_byThreads)
        {
            if (!_byThreads.TryGetValue(threads, out instances))
                _byThreads.Add(threads, instances = new ModeInstances(threads, cores / threads));
        }
        if (instances.TryBegin() is { } free)
            return free;
        if (instances.Miss())
            Ask(threads, instances);
        return null;
    }

    private void Ask(int threads, ModeInstances instances)
    {
        int number;
        lock (_byThreads)
        {
            number = Array.IndexOf(_asked, false);
            if (number >= 0 && opener.TryCountPart())
                _asked[number] = true;
            else
                number = -1;
        }
        if (number < 0)
        {
            // One that is being opened now may be refused, and leave its place.
            instances.Postpone();
            return;
        }
        // By its number: no two share threads, nor does one with a mode: where one has so many, it is there once, and has the number 0.
        opener.OpenPart(threads, 1 + number, firstPlace + number, instances.Add, Refused, Free);

        void Refused()
        {
            Free();
            instances.Postpone();
        }

        void Free()
        {
            lock (_byThreads)
                _asked[number] = false;
        }
    }
}
