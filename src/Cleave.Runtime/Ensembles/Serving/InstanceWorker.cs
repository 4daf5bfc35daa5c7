using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Logging;

namespace Cleave.Ensembles.Serving;

/// <summary>
/// The threads of an instance: batcher, predictor and sender, which work on different batches at once; or one for all where it has one slot. They take segments of
/// the member's queue until they are stopped, and end with what they have begun. Where a batch takes less time than handing it from thread to thread would, the batcher runs
/// all its stages. While they wait, they hold nothing of a request, so that the ensemble's runner can be forgotten.
/// </summary>
internal sealed class InstanceWorker
{
    // What waking a thread takes, about: batches shorter than this are not worth two.
    private const double HandOff = 20e-6;

    // So often in a row a device has no room before other instances take its place.
    public const int MostWithoutRoom = 3;

    private static readonly long ShortTicks = (long)(HandOff * Stopwatch.Frequency);

    private readonly MemberState _member;
    private readonly MemberGeneration _generation;
    private readonly IMemberInstance _instance;
    private readonly SystemOptions _options;
    private readonly DeviceTurns? _turns;
    private readonly Func<bool> _isStopped;
    private readonly StageQueue<int> _free;
    private readonly StageQueue<BatchItem> _loaded;
    private readonly StageQueue<BatchItem> _predicted;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _stops;
    // Batches between the batcher and the end of the sender; only the batcher adds.
    private int _underWay;
    // What the stages behind the batcher took for the last batch.
    private long _predictTicks = long.MaxValue / 2;
    private long _sendTicks;
    // Tries in a row, since its own last answer, that failed because of its device.
    private int _withoutRoom;

    /// <param name="member">The member.</param>
    /// <param name="generation">Its instances, of which this is one.</param>
    /// <param name="instance">The instance; disposed with this.</param>
    /// <param name="options">How the system works.</param>
    /// <param name="turns">Those of the device that it shares; null: it shares none.</param>
    public InstanceWorker(MemberState member, MemberGeneration generation, IMemberInstance instance, SystemOptions options, DeviceTurns? turns)
    {
        _member = member;
        _generation = generation;
        _instance = instance;
        _options = options;
        _turns = turns;
        _isStopped = () => Volatile.Read(ref _stops) != 0;
        _free = new StageQueue<int>(instance.Slots);
        _loaded = new StageQueue<BatchItem>(instance.Slots);
        _predicted = new StageQueue<BatchItem>(instance.Slots);
        for (int slot = 0; slot < instance.Slots; slot++)
            _free.Add(slot);
    }

    public IMemberInstance Instance => _instance;

    /// <summary>Done when the threads have ended and the instance is disposed.</summary>
    public Task Ended => _ended.Task;

    private bool IsPipeline => _instance.Slots > 1;

    // Batches stay in their order: nothing may be ahead.
    private bool IsShort => Volatile.Read(ref _underWay) == 0 && Interlocked.Read(ref _predictTicks) + Interlocked.Read(ref _sendTicks) < ShortTicks;

    /// <summary>Starts its threads. Where the system gives none, it has ended, and throws.</summary>
    public void Start()
    {
        // From the end on: a stage whose batches nobody gives ends by itself.
        Action giveUp = End;
        try
        {
            if (IsPipeline)
            {
                StartThread("sender", SendNext, End);
                giveUp = _predicted.Complete;
                StartThread("predictor", PredictNext, _predicted.Complete);
                giveUp = _loaded.Complete;
            }
            StartThread("batcher", BatchNext, IsPipeline ? _loaded.Complete : End);
        }
        catch
        {
            giveUp();
            throw;
        }
    }

    /// <summary>Ends what was never started.</summary>
    public void GiveUp() => End();

    /// <summary>Takes no further segment.</summary>
    public void Stop()
    {
        Volatile.Write(ref _stops, 1);
        _generation.Queue.WakeAll();
    }

    private void StartThread(string what, Func<bool> next, Action end)
    {
        string name = $"Cleave {_member.Name} {_instance.Name} {what}";
        new Thread(() =>
        {
            while (GoesOn(next, name))
            {
                // One batch, or one segment, after the other.
            }
            end();
        })
        { IsBackground = true, Name = name }.UnsafeStart();
    }

    // An exception out of a thread ends the process. What a stage fails with is its request's; this is what nobody expects there: somebody interrupted the thread, or memory ran out.
    private bool GoesOn(Func<bool> next, string name)
    {
        try
        {
            return next();
        }
        catch (Exception e)
        {
            Log.ThreadGoesOn(_options.Logger, name, e);
            return true;
        }
    }

    // These three are methods of their own, so that no local of a thread that waits keeps the last request alive.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool BatchNext()
    {
        if (Next() is not { } segment)
            return false;
        Divide(segment);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool PredictNext()
    {
        if (!_loaded.TryTake(out BatchItem item))
            return false;
        if (Advances(item, BatchStage.Predict))
            _predicted.Add(item);
        else
            Interlocked.Decrement(ref _underWay);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool SendNext()
    {
        if (!_predicted.TryTake(out BatchItem item))
            return false;
        Advances(item, BatchStage.Send);
        Interlocked.Decrement(ref _underWay);
        return true;
    }

    // Where there are turns, one is for one batch, and is had before anything is taken that another instance could do meanwhile.
    private MemberSegment? Next()
    {
        if (_turns is null)
            return _generation.Queue.Take(_isStopped, (int)Math.Min(int.MaxValue, (long)_instance.Batch * _instance.Slots));
        while (_generation.Queue.Await(_isStopped))
        {
            _turns.Enter(_generation.Queue);
            if (_generation.Queue.TryTake(_instance.Batch) is { } segment)
                return segment;
            _turns.Leave();
        }
        return null;
    }

    private void Divide(MemberSegment segment)
    {
        (int tried, int from) = segment.Begin();
        try
        {
            for (int at = from; at < segment.End; at += _instance.Batch)
            {
                int slot = TakeSlot();
                segment.Hold();
                BatchItem item = new(segment, tried, at, Math.Min(_instance.Batch, segment.End - at), slot);
                if (!Advances(item, BatchStage.Load))
                    break;
                if (IsPipeline && !IsShort)
                    Hand(item);
                else if (Advances(item, BatchStage.Predict))
                    Advances(item, BatchStage.Send);
            }
        }
        catch (Exception e)
        {
            Failed(segment, tried, e);
        }
        finally
        {
            segment.Release();
        }
    }

    private int TakeSlot()
    {
        try
        {
            _free.TryTake(out int slot);
            return slot;
        }
        catch
        {
            // There will be no batch to give it back.
            _turns?.Leave();
            throw;
        }
    }

    private void Hand(BatchItem item)
    {
        Interlocked.Increment(ref _underWay);
        _loaded.Add(item);
    }

    // False where the batch goes no further: then it is under way no more, whatever came between.
    private bool Advances(BatchItem item, BatchStage stage)
    {
        bool advances = false;
        try
        {
            if (stage == BatchStage.Send)
                Send(item);
            else
                advances = Wants(item) && (stage == BatchStage.Load ? Load(item) : Predict(item));
        }
        catch (Exception e)
        {
            Failed(item.Segment, item.Try, e);
        }
        finally
        {
            if (!advances)
                Free(item);
        }
        return advances;
    }

    private bool Load(BatchItem item) => Do(item, BatchStage.Load, () => _instance.Load(item.Segment.Request, item.At, item.Count, item.Slot));

    private bool Predict(BatchItem item)
    {
        long start = Stopwatch.GetTimestamp();
        bool predicted = Do(item, BatchStage.Predict, () => _instance.Predict(item.Slot));
        Interlocked.Exchange(ref _predictTicks, Stopwatch.GetTimestamp() - start);
        return predicted;
    }

    // What was begun on a device is waited for, wanted or not.
    private void Send(BatchItem item)
    {
        long start = Stopwatch.GetTimestamp();
        if (Do(item, BatchStage.Send, () => _instance.Receive(item.Slot)))
        {
            // Mostly it is 0, and other stages read it, too.
            if (Volatile.Read(ref _withoutRoom) != 0)
                Interlocked.Exchange(ref _withoutRoom, 0);
            // Counted where it is added: its try may end until then. And before the request may.
            item.Segment.Add(item.Try, item.Count, () =>
            {
                _instance.Add(item.Segment.Request, item.At, item.Count, item.Slot);
                _member.Answered();
            });
        }
        Interlocked.Exchange(ref _sendTicks, Stopwatch.GetTimestamp() - start);
    }

    private static bool Wants(BatchItem item)
    {
        if (item.Segment.IsWanted(item.Try))
            return true;
        item.Segment.GiveUp(item.Try);
        return false;
    }

    private void Free(BatchItem item)
    {
        // Before another batch gets the slot.
        _instance.Leave(item.Slot);
        _free.Add(item.Slot);
        try
        {
            _turns?.Leave();
        }
        finally
        {
            item.Segment.Release();
        }
    }

    private bool Do(BatchItem item, BatchStage stage, Action action)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            action();
        }
        catch (Exception e)
        {
            Failed(item.Segment, item.Try, e);
            return false;
        }
        _options.Timeline?.Invoke(new StageSpan(_member.Name, _instance.Name, stage, item.At, item.Count, start, Stopwatch.GetTimestamp()));
        return true;
    }

    // It is still held: the segment is over, or put back, after this.
    private void Failed(MemberSegment segment, int tried, Exception failure)
    {
        // Whatever it says, where the device is lost.
        bool isDevices = (failure is DeviceException || _instance.IsLost) && _options.Fallback is not null;
        bool fails = segment.Fails(tried, isDevices ? Math.Max(_options.Retries, _options.DeviceRetries) : _options.Retries, out bool again);
        bool isLeft = isDevices && fails && Interlocked.Increment(ref _withoutRoom) >= MostWithoutRoom;
        if ((_instance.IsLost || isLeft) && Interlocked.Exchange(ref _stops, 1) == 0)
            _generation.Lost(this, failure);
        if (!fails)
            return;
        _member.Failed(failure);
        if (!again)
            segment.Request.Fail(_member.Named(failure));
    }

    private void End()
    {
        try
        {
            _instance.Dispose();
        }
        catch (Exception e)
        {
            // Of a device that is lost, say: nothing of it can be freed any more.
            Log.InstanceNotFreed(_options.Logger, _member.Name, _instance.Name, e.Message, e);
        }
        _ended.SetResult();
    }

    private readonly record struct BatchItem(MemberSegment Segment, int Try, int At, int Count, int Slot);
}
