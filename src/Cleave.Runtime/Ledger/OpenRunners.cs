using System;
using System.Collections.Generic;
using Cleave.Plans;

namespace Cleave.Ledger;

/// <summary>
/// The runners that go by a ledger, in the order in which they were opened. Holds them weakly: one that was forgotten is garbage. Requests know nothing of it.
/// Thread-safe.
/// </summary>
internal sealed class OpenRunners
{
    private readonly List<WeakReference<OpenRunner>> _open = [];
    private readonly Dictionary<(string Model, string Mode), long> _closed = [];

    public void Add(OpenRunner runner)
    {
        lock (_open)
        {
            _open.RemoveAll(static entry => !entry.TryGetTarget(out _));
            _open.Add(new WeakReference<OpenRunner>(runner));
        }
    }

    /// <summary>Notes that a runner was disposed; its requests count on.</summary>
    public void Remove(OpenRunner runner)
    {
        lock (_open)
        {
            if (_open.RemoveAll(entry => entry.TryGetTarget(out OpenRunner? open) && ReferenceEquals(open, runner)) > 0)
                AddRequests(runner, _closed);
        }
    }

    public List<OpenRunner> ToList()
    {
        List<OpenRunner> runners = [];
        lock (_open)
        {
            foreach (WeakReference<OpenRunner> entry in _open)
            {
                if (entry.TryGetTarget(out OpenRunner? runner))
                    runners.Add(runner);
            }
        }
        return runners;
    }

    /// <summary>How many requests ran, of open and of disposed runners together.</summary>
    public Dictionary<(string Model, string Mode), long> Requests()
    {
        lock (_open)
        {
            Dictionary<(string Model, string Mode), long> requests = new(_closed);
            foreach (OpenRunner runner in ToList())
                AddRequests(runner, requests);
            return requests;
        }
    }

    private static void AddRequests(OpenRunner runner, Dictionary<(string Model, string Mode), long> requests)
    {
        for (int i = 0; i < runner.Modes.Count; i++)
        {
            foreach (RunnerMode mode in runner.Modes.Instances(i))
                Add(mode);
        }
        foreach (RunnerMode mode in runner.Modes.ForParts)
            Add(mode);

        void Add(RunnerMode mode)
        {
            (string, string) key = (runner.Model, mode.Words);
            requests[key] = requests.GetValueOrDefault(key) + mode.Requests;
        }
    }
}
