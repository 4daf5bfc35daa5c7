using System;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Devices;
using Cleave.Devices.Cuda;
using Xunit;

namespace Cleave.Runtime.Tests.Devices;

/// <summary>How the device calls CUDA's runtime library, and what it makes of its errors; on one that only writes down what it is asked.</summary>
public class CudaDeviceTests
{
    private const int InvalidValue = 1, OutOfMemory = 2, InsufficientDriver = 35, Busy = 46, NoDevice = 100, IllegalAddress = 700, NotReady = 600, SystemNotReady = 802, NoCompatibility = 804;

    private readonly FakeCuda _cuda = FakeCuda.Begin();

    [Theory]
    [InlineData(null, 4000, 3000)]
    [InlineData(3500L, 3500, 3000)]
    [InlineData(2000L, 2000, 2000)]
    [InlineData(9000L, 4000, 3000)]
    public void It_has_no_more_memory_than_the_GPU(long? asked, long limit, long left)
    {
        (_cuda.FreeBytes, _cuda.TotalBytes) = (3000, 4000);
        using CudaDevice device = CudaDevice.On(_cuda.Load(), 0, asked);
        Assert.Equal((limit, left), (device.MemoryLimit, device.MemoryLeft()));
    }

    [Fact]
    public void What_it_uses_itself_and_what_others_use_is_not_left()
    {
        (_cuda.FreeBytes, _cuda.TotalBytes) = (3000, 4000);
        using CudaDevice device = CudaDevice.On(_cuda.Load(), 0, 2000);
        using DeviceTensor tensor = device.Allocate("x", ElementType.Float, [100]);
        Assert.Equal(1600, device.MemoryLeft());
        _cuda.FreeBytes = 500;
        Assert.Equal(500, device.MemoryLeft());
    }

    [Fact]
    public void A_tensor_that_is_larger_than_the_GPU_is_refused_with_both_sizes()
    {
        _cuda.TotalBytes = 4000;
        using CudaDevice device = CudaDevice.On(_cuda.Load(), 0, memoryLimit: null);
        DeviceMemoryException e = Assert.Throws<DeviceMemoryException>(() => device.Allocate("x", ElementType.Float, [2000]));
        Assert.Contains("8,000 bytes asked for, 0 of 4,000 in use", e.Message);
    }

    [Fact]
    public void An_event_that_cannot_be_recorded_is_freed()
    {
        using CudaDevice device = CudaDevice.On(_cuda.Load(), 0, memoryLimit: null);
        using IDeviceStream stream = device.CreateStream("lane");
        _cuda.Errors["cudaEventRecord"] = OutOfMemory;
        Assert.Throws<DeviceMemoryException>(() => stream.Record());
        Assert.Contains("cudaEventDestroy", _cuda.Calls.Select(static c => c.Call));
    }

    [Theory]
    [InlineData("cudaMalloc")]
    [InlineData("cudaHostAlloc")]
    [InlineData("cudaMemcpyAsync")]
    [InlineData("cudaEventRecord")]
    public void A_failed_call_leaves_no_error_for_the_next_launch(string call)
    {
        using CudaDevice device = CudaDevice.On(_cuda.Load(), 0, memoryLimit: null);
        _cuda.Errors[call] = OutOfMemory;
        Assert.Throws<DeviceMemoryException>(() => Copy(device));
        Assert.Contains(call, _cuda.Calls.Select(static c => c.Call));
        Assert.Equal(0, _cuda.LastError);
    }

    [Fact]
    public void Work_that_is_not_done_yet_leaves_no_error_either()
    {
        using CudaDevice device = CudaDevice.On(_cuda.Load(), 0, memoryLimit: null);
        using IDeviceStream stream = device.CreateStream("work");
        using IDeviceEvent happened = stream.Record();
        _cuda.Errors["cudaEventQuery"] = NotReady;
        Assert.False(happened.IsDone);
        Assert.Equal(0, _cuda.LastError);
    }

    [Theory]
    [InlineData(InsufficientDriver, "install a newer NVIDIA driver")]
    [InlineData(Busy, "compute mode")]
    [InlineData(NoDevice, "CUDA_VISIBLE_DEVICES")]
    [InlineData(SystemNotReady, "nvidia-fabricmanager")]
    [InlineData(NoCompatibility, "cuda-compat")]
    [InlineData(InvalidValue, "nvidia-smi")]
    public void A_GPU_that_does_not_start_is_unavailable_and_the_message_says_what_to_do(int code, string remedy)
    {
        foreach (string call in (string[])["cudaSetDevice", "cudaMemGetInfo"])
        {
            _cuda.Errors.Clear();
            _cuda.Errors[call] = code;
            DeviceUnavailableException e = Assert.Throws<DeviceUnavailableException>(() => CudaDevice.On(_cuda.Load(), 0, memoryLimit: null));
            Assert.Contains("(" + call + ": words of CUDA's)", e.Message);
            Assert.Contains(remedy, e.Message);
        }
    }

    [Theory]
    [InlineData(InvalidValue, typeof(DeviceUnavailableException), false)]
    [InlineData(Busy, typeof(DeviceUnavailableException), false)]
    [InlineData(OutOfMemory, typeof(DeviceMemoryException), false)]
    [InlineData(IllegalAddress, typeof(DeviceLostException), true)]
    public void Only_errors_after_which_nothing_works_lose_the_device(int code, Type expected, bool isLost)
    {
        using CudaDevice device = CudaDevice.On(_cuda.Load(), 0, memoryLimit: null);
        _cuda.Errors["cudaMemcpyAsync"] = code;
        Assert.IsType(expected, Record.Exception(() => Copy(device)));
        Assert.Equal(isLost, device.IsLost);
    }

    [Fact]
    public void What_lies_on_another_GPU_than_the_first_is_freed_there_on_any_thread()
    {
        using CudaDevice device = CudaDevice.On(_cuda.Load(), 1, memoryLimit: null);
        IDeviceStream stream = device.CreateStream("work");
        IDisposable[] made = [stream.Record(), device.Allocate("x", ElementType.Float, [4]), device.AllocateHost(ElementType.Float, [4]), stream];
        foreach (IDisposable one in made)
        {
            _cuda.Leave();
            _cuda.Calls.Clear();
            one.Dispose();
            Assert.Equal(1, Assert.Single(_cuda.Calls, static c => c.Call != "cudaSetDevice").Device);
        }
    }

    [Fact]
    public void What_lies_on_a_lost_GPU_is_let_go()
    {
        using CudaDevice device = CudaDevice.On(_cuda.Load(), 1, memoryLimit: null);
        DeviceTensor tensor = device.Allocate("x", ElementType.Float, [4]);
        _cuda.Errors["cudaSetDevice"] = _cuda.Errors["cudaFree"] = IllegalAddress;
        tensor.Dispose();
        Assert.Equal((0, 0), (device.MemoryUsed, _cuda.LastError));
    }

    private static void Copy(CudaDevice device)
    {
        using IDeviceStream stream = device.CreateStream("work");
        using HostTensor here = device.AllocateHost(ElementType.Float, [4]);
        using DeviceTensor there = device.Allocate("x", ElementType.Float, [4]);
        stream.CopyToDevice(here, there);
        stream.Synchronize();
    }
}
