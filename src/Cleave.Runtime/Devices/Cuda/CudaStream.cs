using System.Threading;

namespace Cleave.Devices.Cuda;

/// <summary>A CUDA stream.</summary>
internal sealed class CudaStream(CudaDevice device, string name, nint handle) : IDeviceStream
{
    public IDevice Device => device;

    public nint Handle => handle;

    public void CopyToDevice(HostTensor from, DeviceTensor to) => Copy(((CudaTensor)to).Address, Start(from), to, CudaRuntime.HostToDevice);

    public void CopyToHost(DeviceTensor from, HostTensor to) => Copy(Start(to), ((CudaTensor)from).Address, from, CudaRuntime.DeviceToHost);

    public IDeviceEvent Record()
    {
        CudaRuntime cuda = device.Use();
        device.Check(cuda.CreateEvent(out nint made), "cudaEventCreateWithFlags", name);
        CudaEvent happened = new(device, name, made);
        int error = cuda.Record(made, handle);
        if (error != 0)
            happened.Dispose();
        device.Check(error, "cudaEventRecord", name);
        return happened;
    }

    public void After(IDeviceEvent happened) => device.Check(device.Use().StreamAfter(handle, ((CudaEvent)happened).Handle), "cudaStreamWaitEvent", name);

    public void Synchronize(CancellationToken cancellation = default)
    {
        using IDeviceEvent end = Record();
        end.Wait(cancellation);
    }

    public void Dispose() => device.ToFree().DestroyStream(handle);

    private void Copy(nint to, nint from, DeviceTensor tensor, int direction)
    {
        if (tensor.ByteLength > 0)
            device.Check(device.Use().Copy(to, from, (nuint)tensor.ByteLength, direction, handle), "cudaMemcpyAsync", tensor.Name);
    }

    private static unsafe nint Start(HostTensor tensor)
    {
        // Memory of ONNX Runtime's or CUDA's: it stays where it is.
        fixed (byte* start = tensor.Bytes)
            return (nint)start;
    }
}
