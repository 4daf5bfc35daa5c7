using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Cleave.Devices.Cuda;

namespace Cleave.Runtime.Tests.Devices;

/// <summary>
/// CUDA's runtime library as the calling thread sees it, in the host's memory: it writes down what was called, fails where it is told to, and keeps the last error as CUDA does, which
/// the next kernel's launch would be charged with.
/// </summary>
internal sealed unsafe class FakeCuda
{
    [ThreadStatic]
    private static FakeCuda? _current;

    private static readonly Dictionary<string, nint> Exports = new()
    {
        ["cudaSetDevice"] = (nint)(delegate* unmanaged<int, int>)&SetDevice,
        ["cudaMemGetInfo"] = (nint)(delegate* unmanaged<nuint*, nuint*, int>)&MemGetInfo,
        ["cudaGetLastError"] = (nint)(delegate* unmanaged<int>)&GetLastError,
        ["cudaMalloc"] = (nint)(delegate* unmanaged<nint*, nuint, int>)&Malloc,
        ["cudaFree"] = (nint)(delegate* unmanaged<nint, int>)&Free,
        ["cudaHostAlloc"] = (nint)(delegate* unmanaged<nint*, nuint, uint, int>)&HostAlloc,
        ["cudaFreeHost"] = (nint)(delegate* unmanaged<nint, int>)&FreeHost,
        ["cudaMemcpyAsync"] = (nint)(delegate* unmanaged<nint, nint, nuint, int, nint, int>)&MemcpyAsync,
        ["cudaStreamCreateWithFlags"] = (nint)(delegate* unmanaged<nint*, uint, int>)&StreamCreate,
        ["cudaStreamDestroy"] = (nint)(delegate* unmanaged<nint, int>)&StreamDestroy,
        ["cudaStreamWaitEvent"] = (nint)(delegate* unmanaged<nint, nint, uint, int>)&StreamWaitEvent,
        ["cudaEventCreateWithFlags"] = (nint)(delegate* unmanaged<nint*, uint, int>)&EventCreate,
        ["cudaEventRecord"] = (nint)(delegate* unmanaged<nint, nint, int>)&EventRecord,
        ["cudaEventQuery"] = (nint)(delegate* unmanaged<nint, int>)&EventQuery,
        ["cudaEventSynchronize"] = (nint)(delegate* unmanaged<nint, int>)&EventSynchronize,
        ["cudaEventDestroy"] = (nint)(delegate* unmanaged<nint, int>)&EventDestroy,
        ["cudaGetErrorString"] = (nint)(delegate* unmanaged<int, nint>)&ErrorString,
    };

    private static readonly nint Words = Marshal.StringToCoTaskMemUTF8("words of CUDA's");

    private FakeCuda()
    {
    }

    /// <summary>The calls, each with the device that the thread had then.</summary>
    public List<(string Call, int Device)> Calls { get; } = [];

    /// <summary>By call: the error that it ends with.</summary>
    public Dictionary<string, int> Errors { get; } = [];

    /// <summary>What the next launch of a kernel would be charged with; 0: nothing.</summary>
    public int LastError { get; private set; }

    public long FreeBytes { get; set; } = 3L << 30;

    public long TotalBytes { get; set; } = 4L << 30;

    private int Device { get; set; }

    /// <summary>From now on this thread's.</summary>
    public static FakeCuda Begin() => _current = new FakeCuda();

    public CudaRuntime Load() => new(static name => Exports[name]);

    /// <summary>A thread of the application's, on which nobody has chosen a device.</summary>
    public void Leave() => Device = 0;

    private static int Did([CallerMemberName] string member = "")
    {
        FakeCuda current = _current ??= new FakeCuda();
        string call = member switch
        {
            nameof(StreamCreate) => "cudaStreamCreateWithFlags",
            nameof(EventCreate) => "cudaEventCreateWithFlags",
            _ => "cuda" + member,
        };
        current.Calls.Add((call, current.Device));
        if (current.Errors.TryGetValue(call, out int error))
            current.LastError = error;
        return error;
    }

    private static int Made(nint* handle, string member)
    {
        int error = Did(member);
        *handle = error == 0 ? 4096 : 0;
        return error;
    }

    private static int Got(nint* address, nuint bytes, string member)
    {
        int error = Did(member);
        *address = error == 0 ? Marshal.AllocHGlobal((nint)bytes) : 0;
        return error;
    }

    private static int GaveBack(nint address, string member)
    {
        int error = Did(member);
        Marshal.FreeHGlobal(address);
        return error;
    }

    [UnmanagedCallersOnly]
    private static int SetDevice(int device)
    {
        int error = Did();
        if (error == 0)
            _current!.Device = device;
        return error;
    }

    [UnmanagedCallersOnly]
    private static int MemGetInfo(nuint* free, nuint* total)
    {
        int error = Did();
        *free = (nuint)_current!.FreeBytes;
        *total = (nuint)_current.TotalBytes;
        return error;
    }

    [UnmanagedCallersOnly]
    private static int GetLastError()
    {
        FakeCuda current = _current ??= new FakeCuda();
        int error = current.LastError;
        current.LastError = 0;
        return error;
    }

    [UnmanagedCallersOnly]
    private static int Malloc(nint* address, nuint bytes) => Got(address, bytes, nameof(Malloc));

    [UnmanagedCallersOnly]
    private static int Free(nint address) => GaveBack(address, nameof(Free));

    [UnmanagedCallersOnly]
    private static int HostAlloc(nint* address, nuint bytes, uint flags) => Got(address, bytes, nameof(HostAlloc));

    [UnmanagedCallersOnly]
    private static int FreeHost(nint address) => GaveBack(address, nameof(FreeHost));

    [UnmanagedCallersOnly]
    private static int MemcpyAsync(nint to, nint from, nuint bytes, int direction, nint stream)
    {
        int error = Did();
        if (error == 0)
            Buffer.MemoryCopy((void*)from, (void*)to, bytes, bytes);
        return error;
    }

    [UnmanagedCallersOnly]
    private static int StreamCreate(nint* stream, uint flags) => Made(stream, nameof(StreamCreate));

    [UnmanagedCallersOnly]
    private static int StreamDestroy(nint stream) => Did();

    [UnmanagedCallersOnly]
    private static int StreamWaitEvent(nint stream, nint happened, uint flags) => Did();

    [UnmanagedCallersOnly]
    private static int EventCreate(nint* happened, uint flags) => Made(happened, nameof(EventCreate));

    [UnmanagedCallersOnly]
    private static int EventRecord(nint happened, nint stream) => Did();

    [UnmanagedCallersOnly]
    private static int EventQuery(nint happened) => Did();

    [UnmanagedCallersOnly]
    private static int EventSynchronize(nint happened) => Did();

    [UnmanagedCallersOnly]
    private static int EventDestroy(nint happened) => Did();

    [UnmanagedCallersOnly]
    private static nint ErrorString(int error) => Words;
}
