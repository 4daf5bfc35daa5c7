using System;
using System.Collections.Generic;

namespace Cleave.Ledger;

/// <summary>
/// The runners that go by a ledger, in the order in which they were opened. Holds them weakly: one that was forgotten is garbage, and only the number of its requests is kept. Requests know
/// nothing of it. Thread-safe.
/// </summary>
internal sealed class OpenRunners
{
    private readonly List<Entry> _open = [];
    private readonly Dictionary<(string Model, string Mode), long> _closed = [];

    public void Add(OpenRunner runner)
    {
        lock (_open)
        {
            Close(static open => open is null);
            _open.Add(new Entry(new WeakReference<OpenRunner>(runner), runner.Model, runner.Modes.Requests));
        }
    }

    /// <summary>Notes that a runner was disposed; its requests count on.</summary>
    public void Remove(OpenRunner runner)
    {
        lock (_open)
            Close(open => ReferenceEquals(open, runner));
    }

    public List<OpenRunner> ToList()
    {
        List<OpenRunner> runners = [];
        lock (_open)
        {
            foreach (Entry entry in _open)
            {
                if (entry.Runner is { } runner)
                    runners.Add(runner);
            }
        }
        return runners;
    }

    /// <summary>How many requests ran, of open, disposed and forgotten runners together.</summary>
    public Dictionary<(string Model, string Mode), long> Requests()
    {
        lock (_open)
        {
            Dictionary<(string Model, string Mode), long> requests = new(_closed);
            foreach (Entry entry in _open)
                entry.Requests.AddTo(requests, entry.Model);
            return requests;
        }
    }

    private void Close(Predicate<OpenRunner?> which) => _open.RemoveAll(entry =>
    {
        bool closes = which(entry.Runner);
        if (closes)
            entry.Requests.AddTo(_closed, entry.Model);
        return closes;
    });

    private sealed class Entry(WeakReference<OpenRunner> runner, string model, RequestCounts requests)
    {
        /// <summary>Null where it was forgotten.</summary>
        public OpenRunner? Runner => runner.TryGetTarget(out OpenRunner? open) ? open : null;

        public string Model => model;

        public RequestCounts Requests => requests;
    }
}
