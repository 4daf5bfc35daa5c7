using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Cleave.Devices.Cuda;

/// <summary>
/// CUDA's runtime library: memory, copies, streams and events, for which ONNX Runtime's C# binding has nothing. The one that the provider uses, so both see
/// the same device state. Every call returns an error code, which <see cref="CudaDevice"/> turns into exceptions. CUDA also keeps a thread's last error until somebody asks for it, and ONNX
/// Runtime asks after each kernel: so every error is taken here, or the next request on the thread would fail with it.
/// </summary>
internal sealed unsafe class CudaRuntime
{
    private readonly delegate* unmanaged<int, int> _setDevice;
    private readonly delegate* unmanaged<int> _getLastError;
    private readonly delegate* unmanaged<nuint*, nuint*, int> _memGetInfo;
    private readonly delegate* unmanaged<nint*, nuint, int> _malloc;
    private readonly delegate* unmanaged<nint, int> _free;
    private readonly delegate* unmanaged<nint*, nuint, uint, int> _hostAlloc;
    private readonly delegate* unmanaged<nint, int> _freeHost;
    private readonly delegate* unmanaged<nint, nint, nuint, int, nint, int> _memcpyAsync;
    private readonly delegate* unmanaged<nint*, uint, int> _streamCreate;
    private readonly delegate* unmanaged<nint, int> _streamDestroy;
    private readonly delegate* unmanaged<nint, nint, uint, int> _streamWaitEvent;
    private readonly delegate* unmanaged<nint*, uint, int> _eventCreate;
    private readonly delegate* unmanaged<nint, nint, int> _eventRecord;
    private readonly delegate* unmanaged<nint, int> _eventQuery;
    private readonly delegate* unmanaged<nint, int> _eventSynchronize;
    private readonly delegate* unmanaged<nint, int> _eventDestroy;
    private readonly delegate* unmanaged<int, nint> _errorString;

    /// <param name="export">The address of a function, by its name.</param>
    /// <exception cref="EntryPointNotFoundException">One is missing.</exception>
    internal CudaRuntime(Func<string, nint> export)
    {
        _setDevice = (delegate* unmanaged<int, int>)export("cudaSetDevice");
        _getLastError = (delegate* unmanaged<int>)export("cudaGetLastError");
        _memGetInfo = (delegate* unmanaged<nuint*, nuint*, int>)export("cudaMemGetInfo");
        _malloc = (delegate* unmanaged<nint*, nuint, int>)export("cudaMalloc");
        _free = (delegate* unmanaged<nint, int>)export("cudaFree");
        _hostAlloc = (delegate* unmanaged<nint*, nuint, uint, int>)export("cudaHostAlloc");
        _freeHost = (delegate* unmanaged<nint, int>)export("cudaFreeHost");
        _memcpyAsync = (delegate* unmanaged<nint, nint, nuint, int, nint, int>)export("cudaMemcpyAsync");
        _streamCreate = (delegate* unmanaged<nint*, uint, int>)export("cudaStreamCreateWithFlags");
        _streamDestroy = (delegate* unmanaged<nint, int>)export("cudaStreamDestroy");
        _streamWaitEvent = (delegate* unmanaged<nint, nint, uint, int>)export("cudaStreamWaitEvent");
        _eventCreate = (delegate* unmanaged<nint*, uint, int>)export("cudaEventCreateWithFlags");
        _eventRecord = (delegate* unmanaged<nint, nint, int>)export("cudaEventRecord");
        _eventQuery = (delegate* unmanaged<nint, int>)export("cudaEventQuery");
        _eventSynchronize = (delegate* unmanaged<nint, int>)export("cudaEventSynchronize");
        _eventDestroy = (delegate* unmanaged<nint, int>)export("cudaEventDestroy");
        _errorString = (delegate* unmanaged<int, nint>)export("cudaGetErrorString");
    }

    /// <summary>An operation on a stream that is not done yet; no error.</summary>
    public const int NotReady = 600;

    /// <summary>Copies from the host to a device.</summary>
    public const int HostToDevice = 1;

    /// <summary>Copies from a device to the host.</summary>
    public const int DeviceToHost = 2;

    // Streams that do not wait for the default stream, events that take no time stamps and whose waiters block.
    private const uint NonBlocking = 1;
    private const uint BlockingWithoutTiming = 3;

    /// <summary>The library of the CUDA version that the provider needs.</summary>
    /// <param name="names">Its names, the first that can be loaded is taken.</param>
    /// <param name="provider">The provider's path.</param>
    /// <exception cref="DllNotFoundException">None can be loaded.</exception>
    /// <exception cref="EntryPointNotFoundException">It is none of CUDA's.</exception>
    public static CudaRuntime Load(IEnumerable<string> names, string provider)
    {
        foreach (string name in names)
        {
            if (CudaLibraries.TryLoad(name, provider, out nint library))
                return new CudaRuntime(function => NativeLibrary.GetExport(library, function));
        }
        throw new DllNotFoundException(string.Join(" or ", names) + " cannot be loaded");
    }

    public string Words(int error) => Marshal.PtrToStringUTF8(_errorString(error)) is { } words ? words : "error " + error;

    /// <summary>For the calling thread.</summary>
    public int SetDevice(int index) => Taken(_setDevice(index));

    /// <summary>Bytes of the thread's device that nobody uses now, and all that it has.</summary>
    public int Memory(out long free, out long total)
    {
        nuint unused = 0, all = 0;
        int error = Taken(_memGetInfo(&unused, &all));
        (free, total) = ((long)unused, (long)all);
        return error;
    }

    /// <summary>Forgets the thread's last error, where somebody else made the call that failed.</summary>
    public void Forget() => _getLastError();

    public int Allocate(nuint bytes, out nint address)
    {
        nint found = 0;
        int error = Taken(_malloc(&found, bytes));
        address = found;
        return error;
    }

    public int Free(nint address) => Taken(_free(address));

    public int AllocateHost(nuint bytes, out nint address)
    {
        nint found = 0;
        int error = Taken(_hostAlloc(&found, bytes, 0));
        address = found;
        return error;
    }

    public int FreeHost(nint address) => Taken(_freeHost(address));

    public int Copy(nint to, nint from, nuint bytes, int direction, nint stream) => Taken(_memcpyAsync(to, from, bytes, direction, stream));

    public int CreateStream(out nint stream)
    {
        nint made = 0;
        int error = Taken(_streamCreate(&made, NonBlocking));
        stream = made;
        return error;
    }

    public int DestroyStream(nint stream) => Taken(_streamDestroy(stream));

    public int StreamAfter(nint stream, nint happened) => Taken(_streamWaitEvent(stream, happened, 0));

    public int CreateEvent(out nint made)
    {
        nint created = 0;
        int error = Taken(_eventCreate(&created, BlockingWithoutTiming));
        made = created;
        return error;
    }

    public int Record(nint happened, nint stream) => Taken(_eventRecord(happened, stream));

    public int Query(nint happened) => Taken(_eventQuery(happened));

    public int Wait(nint happened) => Taken(_eventSynchronize(happened));

    public int DestroyEvent(nint happened) => Taken(_eventDestroy(happened));

    // Also "not ready": CUDA keeps that, too.
    private int Taken(int error)
    {
        if (error != 0)
            _getLastError();
        return error;
    }
}
