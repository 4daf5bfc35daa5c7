using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Cleave.Devices.Cuda;

/// <summary>
/// CUDA's runtime library: memory, copies, streams and events, for which ONNX Runtime's C# binding has nothing. The one that the provider uses, so both see
/// the same device state. Every call returns an error code, which <see cref="CudaDevice"/> turns into exceptions.
/// </summary>
internal sealed unsafe class CudaRuntime
{
    private readonly delegate* unmanaged<int, int> _setDevice;
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

    private CudaRuntime(nint library)
    {
        _setDevice = (delegate* unmanaged<int, int>)NativeLibrary.GetExport(library, "cudaSetDevice");
        _malloc = (delegate* unmanaged<nint*, nuint, int>)NativeLibrary.GetExport(library, "cudaMalloc");
        _free = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cudaFree");
        _hostAlloc = (delegate* unmanaged<nint*, nuint, uint, int>)NativeLibrary.GetExport(library, "cudaHostAlloc");
        _freeHost = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cudaFreeHost");
        _memcpyAsync = (delegate* unmanaged<nint, nint, nuint, int, nint, int>)NativeLibrary.GetExport(library, "cudaMemcpyAsync");
        _streamCreate = (delegate* unmanaged<nint*, uint, int>)NativeLibrary.GetExport(library, "cudaStreamCreateWithFlags");
        _streamDestroy = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cudaStreamDestroy");
        _streamWaitEvent = (delegate* unmanaged<nint, nint, uint, int>)NativeLibrary.GetExport(library, "cudaStreamWaitEvent");
        _eventCreate = (delegate* unmanaged<nint*, uint, int>)NativeLibrary.GetExport(library, "cudaEventCreateWithFlags");
        _eventRecord = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(library, "cudaEventRecord");
        _eventQuery = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cudaEventQuery");
        _eventSynchronize = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cudaEventSynchronize");
        _eventDestroy = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cudaEventDestroy");
        _errorString = (delegate* unmanaged<int, nint>)NativeLibrary.GetExport(library, "cudaGetErrorString");
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
                return new CudaRuntime(library);
        }
        throw new DllNotFoundException(string.Join(" or ", names) + " cannot be loaded");
    }

    public string Words(int error) => Marshal.PtrToStringUTF8(_errorString(error)) is { } words ? words : "error " + error;

    /// <summary>For the calling thread.</summary>
    public int SetDevice(int index) => _setDevice(index);

    public int Allocate(nuint bytes, out nint address)
    {
        nint found = 0;
        int error = _malloc(&found, bytes);
        address = found;
        return error;
    }

    public int Free(nint address) => _free(address);

    public int AllocateHost(nuint bytes, out nint address)
    {
        nint found = 0;
        int error = _hostAlloc(&found, bytes, 0);
        address = found;
        return error;
    }

    public int FreeHost(nint address) => _freeHost(address);

    public int Copy(nint to, nint from, nuint bytes, int direction, nint stream) => _memcpyAsync(to, from, bytes, direction, stream);

    public int CreateStream(out nint stream)
    {
        nint made = 0;
        int error = _streamCreate(&made, NonBlocking);
        stream = made;
        return error;
    }

    public int DestroyStream(nint stream) => _streamDestroy(stream);

    public int StreamAfter(nint stream, nint happened) => _streamWaitEvent(stream, happened, 0);

    public int CreateEvent(out nint made)
    {
        nint created = 0;
        int error = _eventCreate(&created, BlockingWithoutTiming);
        made = created;
        return error;
    }

    public int Record(nint happened, nint stream) => _eventRecord(happened, stream);

    public int Query(nint happened) => _eventQuery(happened);

    public int Wait(nint happened) => _eventSynchronize(happened);

    public int DestroyEvent(nint happened) => _eventDestroy(happened);
}
