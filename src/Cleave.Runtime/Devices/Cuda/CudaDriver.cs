using System;
using System.Runtime.InteropServices;

namespace Cleave.Devices.Cuda;

/// <summary>What NVIDIA's driver says of itself. The driver's library is the only one of NVIDIA's that no package brings.</summary>
internal static unsafe class CudaDriver
{
    /// <summary>The CUDA version that it serves and how many devices it shows; null without a driver; its error, negative, where it does not start.</summary>
    public static (int? Version, int Devices) Ask()
    {
        string name = OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";
        if (!NativeLibrary.TryLoad(name, out nint library)
            || !NativeLibrary.TryGetExport(library, "cuInit", out nint init)
            || !NativeLibrary.TryGetExport(library, "cuDriverGetVersion", out nint getVersion)
            || !NativeLibrary.TryGetExport(library, "cuDeviceGetCount", out nint getCount))
            return (null, 0);
        int error = ((delegate* unmanaged<uint, int>)init)(0);
        if (error != 0)
            return (-error, 0);
        int version = 0, devices = 0;
        error = ((delegate* unmanaged<int*, int>)getVersion)(&version);
        if (error == 0)
            error = ((delegate* unmanaged<int*, int>)getCount)(&devices);
        return error == 0 ? (version, devices) : (-error, 0);
    }
}
