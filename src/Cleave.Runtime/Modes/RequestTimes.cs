namespace Cleave.Modes;

/// <summary>What requests of one set of dimensions took in each mode of a runner, while nothing else ran. Thread-safe.</summary>
/// <param name="trials">Tries the runner's modes.</param>
/// <param name="size">How the modes compare for requests of this size.</param>
/// <param name="expected">How long one is expected to take in the last mode, in any unit.</param>
/// <param name="modes">How many there are.</param>
internal sealed class RequestTimes(ModeTrials trials, ModeTimes size, double expected, int modes)
{
    /// <summary>The first runs of a mode, and those of new dimensions, allocate and learn shapes.</summary>
    public const int Unsettled = 3;

    private readonly int[] _runs = new int[modes];
    private readonly double[] _recent = new double[modes];

    /// <summary>How the modes compare for requests of this size.</summary>
    public ModeTimes Size => size;

    /// <summary>The mode for a request that is alone: the best, or once in a while another one.</summary>
    /// <param name="open">Which modes are open; the planned one always is.</param>
    public int ForAlone(bool[] open) => trials.ForAlone(this, open);

    /// <summary>Of the open modes from <paramref name="first"/> on the best; -1 where none is open.</summary>
    public int Best(bool[] open, int first) => size.Best(open, first);

    /// <summary>Adds what a request took that was alone from beginning to end.</summary>
    public void Add(int mode, double seconds) => trials.Add(this, mode, seconds);

    /// <summary>Whether requests of these dimensions are new in a mode. Under the lock of the trials, as all below.</summary>
    internal bool IsNew(int mode) => _runs[mode] < Unsettled;

    /// <summary>What one takes in a mode by what was measured, in seconds: of those that are new there, or of the others. Null where nothing was.</summary>
    internal double? Usual(int mode, bool isNew) => isNew ? size.Fresh(mode) * expected : _recent[mode] is > 0 and var seconds ? seconds : null;

    /// <summary>Notes that one ran in a mode, and what it took, where that says something.</summary>
    internal void Note(int mode, double? seconds)
    {
        bool isNew = IsNew(mode);
        if (isNew)
            _runs[mode]++;
        if (seconds is not { } taken)
            return;
        if (isNew)
            size.AddFresh(mode, taken / expected);
        else
            _recent[mode] = _recent[mode] == 0 ? taken : RecentTime.Next(_recent[mode], taken);
    }
}
