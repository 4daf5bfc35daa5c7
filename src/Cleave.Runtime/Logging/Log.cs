using System;
using Microsoft.Extensions.Logging;

namespace Cleave.Logging;

/// <summary>Every line that is logged.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message =
        "Cleave opened {Model}: plan {Plan}, {Cores} of the process's cores ({Reason}), threads {Threads}, {Way}, weights {Weights} ({WeightReason}), {Milliseconds:0.0} ms")]
    public static partial void Opened(
        ILogger logger, string model, string plan, int cores, string reason, string threads, string way, WeightLoading weights,
        string weightReason, double milliseconds);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message =
        "Cleave ignores CLEAVE_CORES=\"{Value}\" for {Model}: a whole number from 1 to 4096 is expected")]
    public static partial void CoresIgnored(ILogger logger, string model, string value);

    [LoggerMessage(EventId = 3, Level = LogLevel.Information, Message =
        "Cleave: ConfigureSession set {Threads} threads for the segment {Segment} of {Model} instead of {Planned}")]
    public static partial void ThreadsChanged(ILogger logger, string model, string segment, int threads, int planned);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message =
        "Cleave copies the weights of {Model}: mapping them would take {Mappings} mappings beside the {Present} that the process has, more than a quarter of vm.max_map_count ({Most})")]
    public static partial void TooManyMappings(ILogger logger, string model, int mappings, int present, long most);

    [LoggerMessage(EventId = 5, Level = LogLevel.Warning, Message =
        "Cleave still waits to dispose {Model}, after {Seconds:0} s: {Requests} requests ({How}) run or wait, {Waiting} of them for a thread{Works}")]
    public static partial void DisposeWaits(ILogger logger, string model, double seconds, int requests, string how, int waiting, string works);

    [LoggerMessage(EventId = 6, Level = LogLevel.Warning, Message =
        "Cleave still waits to create a session of {Model}, after {Seconds:0} s: another session is being created")]
    public static partial void SessionWaits(ILogger logger, string model, double seconds);

    [LoggerMessage(EventId = 7, Level = LogLevel.Warning, Message =
        "Cleave: the thread {Thread} was interrupted and goes on")]
    public static partial void ThreadGoesOn(ILogger logger, string thread, Exception cause);

    [LoggerMessage(EventId = 8, Level = LogLevel.Information, Message =
        "Cleave runs the plan {Plan} of {Model}, made for {Needed} cores, on {Cores}: threads {Threads}")]
    public static partial void PlanClamped(ILogger logger, string model, string plan, int needed, int cores, string threads);

    [LoggerMessage(EventId = 9, Level = LogLevel.Warning, Message =
        "Cleave runs the whole model {Model} instead of the plan {Plan}: {Why}")]
    public static partial void FellBack(ILogger logger, string model, string plan, string why, Exception cause);

    [LoggerMessage(EventId = 10, Level = LogLevel.Warning, Message =
        "Cleave runs the whole model {Model}, although a split was asked for: {Why}")]
    public static partial void NoSplit(ILogger logger, string model, string why);

    [LoggerMessage(EventId = 11, Level = LogLevel.Warning, Message =
        "Cleave could not pin the thread {Thread} to the processors {Processors}: {Why}. It runs wherever the system puts it")]
    public static partial void NotPinned(ILogger logger, string thread, string processors, string why);

    [LoggerMessage(EventId = 12, Level = LogLevel.Information, Message =
        "Cleave opens another mode of {Model}: {Mode}, about {Megabytes:0} MB {Limit}")]
    public static partial void ModeOpens(ILogger logger, string model, string mode, double megabytes, string limit);

    [LoggerMessage(EventId = 13, Level = LogLevel.Information, Message =
        "Cleave does not open another mode of {Model}, {Mode}: {Why}")]
    public static partial void ModeRefused(ILogger logger, string model, string mode, string why);

    [LoggerMessage(EventId = 14, Level = LogLevel.Warning, Message =
        "Cleave could not open another mode of {Model}, {Mode}, and goes on without: {Why}")]
    public static partial void ModeFailed(ILogger logger, string model, string mode, string why, Exception cause);

    [LoggerMessage(EventId = 15, Level = LogLevel.Debug, Message =
        "Cleave runs {Model} as {Mode} from now on: {InFlight} requests in the process use {Busy} of {Cores} cores")]
    public static partial void ModeChanged(ILogger logger, string model, string mode, int inFlight, int busy, int cores);

    [LoggerMessage(EventId = 16, Level = LogLevel.Warning, Message =
        "Cleave does not pin the lanes of {Model}: other runners of the process have pinned theirs, and fewer than {Needed} processors are left")]
    public static partial void ProcessorsTaken(ILogger logger, string model, int needed);

    [LoggerMessage(EventId = 17, Level = LogLevel.Information, Message =
        "Cleave runs requests of {Model} together that wait at the same time, along the dimension {Dimension}: batches of up to {Sizes}")]
    public static partial void Batches(ILogger logger, string model, string dimension, string sizes);

    [LoggerMessage(EventId = 18, Level = LogLevel.Warning, Message =
        "Cleave runs each request of {Model} alone, although Batching is On: {Why}")]
    public static partial void NoBatches(ILogger logger, string model, string why);

    [LoggerMessage(EventId = 19, Level = LogLevel.Debug, Message =
        "Cleave ran {Samples} samples of {Model} one by one, because their batch failed: {Why}")]
    public static partial void BatchRanOneByOne(ILogger logger, string model, int samples, string why, Exception cause);

    [LoggerMessage(EventId = 20, Level = LogLevel.Warning, Message =
        "Cleave runs no {Samples} samples of {Model} together any more: the batch failed, each request alone did not: {Why}")]
    public static partial void BatchesLimited(ILogger logger, string model, int samples, string why, Exception cause);

    [LoggerMessage(EventId = 21, Level = LogLevel.Information, Message =
        "Cleave runs {Model} with the weights of {Place} from now on: about {Megabytes:0} MB, beside {OldMegabytes:0} MB of the old ones until their last request is over")]
    public static partial void Reloaded(ILogger logger, string model, string place, double megabytes, double oldMegabytes);

    [LoggerMessage(EventId = 22, Level = LogLevel.Debug, Message =
        "Cleave could not run {Model} with inputs of an earlier request before it reloads it: {Why}")]
    public static partial void NotWarmed(ILogger logger, string model, string why, Exception cause);

    [LoggerMessage(EventId = 23, Level = LogLevel.Information, Message =
        "Cleave divides batches of {Samples} samples of {Model} that run alone: instances x <threads, samples> are {Division}, predicted to be {Gain:0.00}x as fast as one session")]
    public static partial void Divides(ILogger logger, string model, int samples, string division, double gain);

    [LoggerMessage(EventId = 24, Level = LogLevel.Warning, Message =
        "Cleave divides no batch of {Model}, although Dividing is On: {Why}")]
    public static partial void NoDividing(ILogger logger, string model, string why);

    [LoggerMessage(EventId = 25, Level = LogLevel.Information, Message =
        "Cleave tuned {Model}: {Times}. {File}")]
    public static partial void Tuned(ILogger logger, string model, string times, string file);

    [LoggerMessage(EventId = 26, Level = LogLevel.Information, Message =
        "Cleave does not go by {File} for {Model}: it has no section for this machine ({Machine})")]
    public static partial void TunedElsewhere(ILogger logger, string model, string file, string machine);

    [LoggerMessage(EventId = 27, Level = LogLevel.Warning, Message =
        "Cleave does not go by {File} for {Model}: {Why}")]
    public static partial void TuningRefused(ILogger logger, string model, string file, string why);

    [LoggerMessage(EventId = 28, Level = LogLevel.Warning, Message =
        "Cleave could not tune {Model}, and goes on as planned: {Why}")]
    public static partial void TuningFailed(ILogger logger, string model, string why, Exception cause);

    [LoggerMessage(EventId = 29, Level = LogLevel.Warning, Message =
        "Cleave could not open {Model} anew, and goes on as it is: {Why}")]
    public static partial void NotReopened(ILogger logger, string model, string why, Exception cause);

    [LoggerMessage(EventId = 30, Level = LogLevel.Information, Message =
        "Cleave opens {Model} ({Segment}) plainly, not prepared: {Why}")]
    public static partial void NotPrepared(ILogger logger, string model, string segment, string why);

    [LoggerMessage(EventId = 37, Level = LogLevel.Information, Message =
        "Cleave compared the prepared {Model} ({Segment}) with a plain session, which takes longer than to open it plainly: {Folder} says nothing of the thread count {Threads}. cleave prepare --cores adds it, and so does a runner that has this folder in Prepared and may write to it")]
    public static partial void PreparedForOtherThreads(ILogger logger, string model, string segment, string folder, int threads);

    [LoggerMessage(EventId = 31, Level = LogLevel.Warning, Message =
        "Cleave does not use the prepared model {Folder} and opens {Model} plainly: {Why}. It was prepared for the processor {There}; here: {Here}")]
    public static partial void PreparedFailed(ILogger logger, string folder, string model, string why, string there, string here);

    [LoggerMessage(EventId = 32, Level = LogLevel.Information, Message =
        "Cleave prepared {Model} in {Folder} for the next start: {Segments}")]
    public static partial void PreparedNow(ILogger logger, string model, string folder, string segments);

    [LoggerMessage(EventId = 33, Level = LogLevel.Warning, Message =
        "Cleave does not prepare {Model} in {Folder}: {Why}")]
    public static partial void NotPrepares(ILogger logger, string model, string folder, string why);

    [LoggerMessage(EventId = 34, Level = LogLevel.Information, Message =
        "Cleave computes the 16-bit floats of {Model} in 32 bits ({Why}): {Half:0.0} MB of weights take {Wide:0.0} MB. Precision=\"AsPublished\" leaves them as they are")]
    public static partial void Widened(ILogger logger, string model, string why, double half, double wide);

    [LoggerMessage(EventId = 35, Level = LogLevel.Information, Message =
        "Cleave leaves the 16-bit floats of {Model} as published: {Why}")]
    public static partial void NotWidened(ILogger logger, string model, string why);

    [LoggerMessage(EventId = 36, Level = LogLevel.Information, Message =
        "Cleave leaves the 16-bit floats of the segment {Segment} of {Model} as published: {Why}")]
    public static partial void SegmentNotWidened(ILogger logger, string segment, string model, string why);

    [LoggerMessage(EventId = 40, Level = LogLevel.Information, Message =
        "Cleave runs {Model} on {Device}: {Segments}; {Megabytes:0.0} MB there")]
    public static partial void DeviceOpened(ILogger logger, string model, string device, string segments, double megabytes);

    [LoggerMessage(EventId = 41, Level = LogLevel.Warning, Message =
        "Cleave runs {Model} on the CPU, although it was planned for an accelerator: {Why}")]
    public static partial void NoDevice(ILogger logger, string model, string why, Exception cause);

    [LoggerMessage(EventId = 44, Level = LogLevel.Information, Message =
        "Cleave runs {Model} on the CPU, although it was planned for an accelerator: {Why}")]
    public static partial void NoDeviceNeeded(ILogger logger, string model, string why);

    [LoggerMessage(EventId = 42, Level = LogLevel.Warning, Message =
        "Cleave ran a request of {Model} again on the CPU: {Why}")]
    public static partial void RanAgain(ILogger logger, string model, string why, Exception cause);

    [LoggerMessage(EventId = 43, Level = LogLevel.Error, Message =
        "Cleave runs {Model} on the CPU from now on, not on {Device}: {Why}")]
    public static partial void DeviceGivenUp(ILogger logger, string model, string device, string why, Exception cause);

    [LoggerMessage(EventId = 50, Level = LogLevel.Information, Message =
        "Cleave opened the ensemble {Ensemble}: {Members} members on {Cores} of the process's cores ({Reason}), {MemberCores} of them for each, {Milliseconds:0.0} ms")]
    public static partial void EnsembleOpened(ILogger logger, string ensemble, int members, int cores, string reason, int memberCores, double milliseconds);

    [LoggerMessage(EventId = 51, Level = LogLevel.Warning, Message =
        "Cleave could not free the instance {Instance} of {Member}: {Why}")]
    public static partial void InstanceNotFreed(ILogger logger, string member, string instance, string why, Exception cause);

    [LoggerMessage(EventId = 52, Level = LogLevel.Information, Message =
        "Cleave serves requests of more than {Segment} samples to {Ensemble} in segments, by {Cells} ({Why})")]
    public static partial void EnsembleServes(ILogger logger, string ensemble, int segment, string cells, string why);

    [LoggerMessage(EventId = 53, Level = LogLevel.Information, Message =
        "Cleave runs every request to {Ensemble} whole: {Why}")]
    public static partial void EnsembleWhole(ILogger logger, string ensemble, string why);

    [LoggerMessage(EventId = 54, Level = LogLevel.Information, Message =
        "Cleave allocates the members of {Ensemble}: {Allocation} ({Why})")]
    public static partial void EnsembleOnDevices(ILogger logger, string ensemble, string allocation, string why);

    [LoggerMessage(EventId = 55, Level = LogLevel.Warning, Message =
        "Cleave does not run {Member} of {Ensemble} on {Device}: {Why}")]
    public static partial void MemberNotOnDevice(ILogger logger, string member, string ensemble, string device, string why, Exception cause);

    [LoggerMessage(EventId = 56, Level = LogLevel.Error, Message =
        "Cleave runs {Member} of {Ensemble} on the CPU from now on: {Why}")]
    public static partial void MemberLeavesDevice(ILogger logger, string member, string ensemble, string why, Exception cause);

    [LoggerMessage(EventId = 57, Level = LogLevel.Warning, Message =
        "Cleave runs {Ensemble} without {Device}: {Why}")]
    public static partial void EnsembleWithoutDevice(ILogger logger, string ensemble, string device, string why, Exception cause);

    [LoggerMessage(EventId = 60, Level = LogLevel.Warning, Message =
        "Cleave records inputs of {Model}, up to {Count} requests and {Megabytes:0} MB, which may be data of your users: {Folder} (it holds {There} so far). RunnerOptions.Record or CLEAVE_RECORD asked for it")]
    public static partial void Records(ILogger logger, string model, int count, double megabytes, string folder, int there);

    [LoggerMessage(EventId = 61, Level = LogLevel.Information, Message =
        "Cleave has recorded {Count} requests to {Model}, {Megabytes:0.0} MB, in {Folder}, and records no more; {Lost} came too fast to be kept")]
    public static partial void Recorded(ILogger logger, string model, int count, double megabytes, string folder, long lost);

    [LoggerMessage(EventId = 62, Level = LogLevel.Warning, Message =
        "Cleave does not record inputs of {Model} in {Folder}: {Why}")]
    public static partial void NotRecorded(ILogger logger, string model, string folder, string why);

    [LoggerMessage(EventId = 63, Level = LogLevel.Warning, Message =
        "Cleave did not record a request to {Model}: RecordingOptions.Redact failed: {Why}")]
    public static partial void NotRedacted(ILogger logger, string model, string why, Exception cause);

    [LoggerMessage(EventId = 64, Level = LogLevel.Error, Message =
        "Cleave found nothing else to run {Member} on: {Why}")]
    public static partial void NoFallback(ILogger logger, string member, string why, Exception cause);

    [LoggerMessage(EventId = 65, Level = LogLevel.Information, Message =
        "Cleave did not tune {Model}: {Why}")]
    public static partial void NotTuned(ILogger logger, string model, string why);
}
