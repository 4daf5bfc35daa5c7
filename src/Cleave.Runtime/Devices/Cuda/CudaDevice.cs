using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Cores;
using Cleave.Prepared;
using Cleave.Sessions;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Cleave.Devices.Cuda;

/// <summary>
/// An NVIDIA GPU, through ONNX Runtime's CUDA provider; each executable is a session whose kernels go to its stream. Not yet run on a machine with a GPU.
/// Thread-safe.
/// </summary>
internal sealed class CudaDevice : IDevice
{
    private readonly int _index;
    private readonly bool _isLimited;
    private readonly OrtMemoryInfo _memory;
    private long _used;
    private int _lost;

    private CudaDevice(int index, long? memoryLimit, long total, CudaRuntime runtime)
    {
        _index = index;
        _isLimited = memoryLimit is not null;
        MemoryLimit = Math.Min(memoryLimit ?? total, total);
        Runtime = runtime;
        _memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCUDA, OrtAllocatorType.DeviceAllocator, index, OrtMemType.Default);
    }

    public string Name => NameOf(_index);

    public string Provider => "CUDAExecutionProvider";

    public long MemoryLimit { get; }

    public long MemoryUsed => Interlocked.Read(ref _used);

    public bool IsLost => Volatile.Read(ref _lost) != 0;

    public CudaRuntime Runtime { get; }

    public OrtMemoryInfo Memory => _memory;

    /// <summary>The GPU with a number.</summary>
    /// <param name="index">Which, as the driver counts them.</param>
    /// <param name="memoryLimit">The most of its memory that may be used; null: all.</param>
    /// <exception cref="DeviceUnavailableException">Something is missing; the message says what, and what to install.</exception>
    public static CudaDevice Open(int index, long? memoryLimit = null)
    {
        CudaRequirements found = Look();
        if (found.Problem(index) is { } problem)
            throw new DeviceUnavailableException(NameOf(index), problem.Why, problem.Remedy);
        string[] runtimes = CudaLibraries.Runtimes(found.ProviderPath!);
        try
        {
            return On(CudaRuntime.Load(runtimes, found.ProviderPath!), index, memoryLimit);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            string remedy = string.Join(" or ", runtimes.Select(CudaLibraries.Remedy)) + (runtimes.Length > 1 ? ", whichever this ONNX Runtime was built with" : "");
            throw new DeviceUnavailableException(NameOf(index), string.Join(" or ", runtimes) + " cannot be loaded", "install " + remedy, e);
        }
    }

    /// <summary>The GPU with a number, by a library that is loaded. Starts CUDA on it.</summary>
    /// <exception cref="DeviceException">It does not start.</exception>
    internal static CudaDevice On(CudaRuntime runtime, int index, long? memoryLimit)
    {
        string call = "cudaSetDevice";
        long total = 0;
        int error = runtime.SetDevice(index);
        if (error == 0)
            (call, error) = ("cudaMemGetInfo", runtime.Memory(out _, out total));
        return error == 0
            ? new CudaDevice(index, memoryLimit, total, runtime)
            : throw CudaFailure.Of(error, call, runtime.Words(error), NameOf(index), NameOf(index));
    }

    /// <summary>What this machine has of what CUDA needs.</summary>
    public static CudaRequirements Look()
    {
        // Loads it.
        string[] providers = OrtEnv.Instance().GetAvailableProviders();
        string? provider = CudaLibraries.Provider(NativeIdentity.PathOf(ProcessFiles.System), AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string);
        (int? version, int devices) = CudaDriver.Ask();
        return new CudaRequirements(providers, provider, version, devices, provider is null ? [] : CudaLibraries.Missing(provider, l => CudaLibraries.TryLoad(l, provider, out _)));
    }

    public long MemoryLeft()
    {
        Check(Use().Memory(out long free, out _), "cudaMemGetInfo", Name);
        return Math.Max(0, Math.Min(MemoryLimit - MemoryUsed, free));
    }

    public IDeviceStream CreateStream(string name)
    {
        Check(Use().CreateStream(out nint stream), "cudaStreamCreateWithFlags", name);
        return new CudaStream(this, name, stream);
    }

    public IDeviceExecutable Load(DeviceProgram program, IDeviceStream stream)
    {
        CudaStream own = (CudaStream)stream;
        long bytes = program.WeightBytes + program.WorkspaceBytes;
        Reserve(program.Title, bytes);
        InferenceSession? session = null;
        try
        {
            using SessionOptions options = Options(program, own, bytes);
            session = program.Open(options);
            return new CudaExecutable(this, program, session, bytes);
        }
        catch (Exception e)
        {
            session?.Dispose();
            Release(bytes);
            if (e is OnnxRuntimeException)
                throw Failure(e, program.Title) ?? new CleaveException(Rules.SessionFailed, e, program.Model, program.Segment, e.Message);
            throw;
        }
    }

    public DeviceTensor Allocate(string name, ElementType type, IReadOnlyList<long> shape)
    {
        long bytes = TensorBytes.Of(type, shape);
        Reserve(name, bytes);
        // An empty tensor has an address, too.
        int error = Use().Allocate((nuint)Math.Max(bytes, 1), out nint address);
        if (error != 0)
        {
            Release(bytes);
            Check(error, "cudaMalloc", name);
        }
        OrtValue value = OrtValue.CreateTensorValueWithData(_memory, (TensorElementType)(int)type, [.. shape], address, bytes);
        return new CudaTensor(this, name, type, shape, value, address);
    }

    public HostTensor AllocateHost(ElementType type, IReadOnlyList<long> shape)
    {
        long bytes = TensorBytes.Of(type, shape);
        Check(Use().AllocateHost((nuint)Math.Max(bytes, 1), out nint address), "cudaHostAlloc", "staging memory");
        OrtValue value = OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, (TensorElementType)(int)type, [.. shape], address, bytes);
        return new HostTensor(value, type, shape, () => ToFree().FreeHost(address));
    }

    public void Dispose() => _memory.Dispose();

    /// <summary>The runtime library, with this device as the calling thread's.</summary>
    public CudaRuntime Use()
    {
        Check(Runtime.SetDevice(_index), "cudaSetDevice", Name);
        return Runtime;
    }

    /// <summary>
    /// The same for freeing, on any thread: one that has no device gets the first, and CUDA would start there. Without complaint: on a lost device nothing can be freed, and nobody can do
    /// anything about it.
    /// </summary>
    public CudaRuntime ToFree()
    {
        Runtime.SetDevice(_index);
        return Runtime;
    }

    public void Check(int error, string call, string what)
    {
        if (error != 0)
            throw Noted(CudaFailure.Of(error, call, Runtime.Words(error), Name, what));
    }

    /// <summary>The exception to throw for one of ONNX Runtime's; null where it is no failure of the device.</summary>
    public DeviceException? Failure(Exception e, string what)
    {
        Runtime.Forget();
        return CudaFailure.Of(e, Name, what) is { } failure ? Noted(failure) : null;
    }

    public void Release(long bytes) => Interlocked.Add(ref _used, -bytes);

    private void Reserve(string what, long bytes)
    {
        if (IsLost)
            throw new DeviceLostException(Name, what, "it was lost before");
        long used = Interlocked.Add(ref _used, bytes) - bytes;
        if (bytes <= MemoryLimit - used)
            return;
        Release(bytes);
        throw new DeviceMemoryException(Name, what, bytes, used, MemoryLimit);
    }

    /// <summary>What a session asks the provider for.</summary>
    /// <param name="index">Which device.</param>
    /// <param name="stream">Where its kernels go. ONNX Runtime takes it over only where it is told, beside, that there is one; otherwise its kernels would run on a stream
    /// of its own, before the copies that they wait for.</param>
    /// <param name="limit">The most that its arena may take; null: whatever there is.</param>
    internal static Dictionary<string, string> ProviderOptions(int index, nint stream, long? limit)
    {
        Dictionary<string, string> options = new()
        {
            ["device_id"] = index.ToString(CultureInfo.InvariantCulture),
            ["has_user_compute_stream"] = "1",
            ["user_compute_stream"] = stream.ToString(CultureInfo.InvariantCulture),
            ["arena_extend_strategy"] = "kSameAsRequested",
            // On by default: floats would be rounded to 10 bits of mantissa before they are multiplied, and results would differ between the GPU and the CPU.
            ["use_tf32"] = "0",
        };
        if (limit is { } bytes)
            options["gpu_mem_limit"] = bytes.ToString(CultureInfo.InvariantCulture);
        return options;
    }

    private SessionOptions Options(DeviceProgram program, CudaStream stream, long bytes)
    {
        SessionOptions options = new() { IntraOpNumThreads = 1, InterOpNumThreads = 1, ExecutionMode = ExecutionMode.ORT_SEQUENTIAL };
        try
        {
            options.AddSessionConfigEntry(NodeAssignments.RecordKey, "1");
            if (!program.AllowsCpu)
                options.AddSessionConfigEntry("session.disable_cpu_ep_fallback", "1");
            // The arena of this session gets what others left. By estimates: where nobody asked for a limit, only the GPU itself sets one.
            long? limit = _isLimited ? Math.Max(MemoryLimit - MemoryUsed + bytes, bytes) : null;
            using OrtCUDAProviderOptions provider = new();
            provider.UpdateOptions(ProviderOptions(_index, stream.Handle, limit));
            options.AppendExecutionProvider_CUDA(provider);
            return options;
        }
        catch
        {
            options.Dispose();
            throw;
        }
    }

    private DeviceException Noted(DeviceException failure)
    {
        if (failure is DeviceLostException)
            Volatile.Write(ref _lost, 1);
        return failure;
    }

    private static string NameOf(int index) => "cuda:" + index.ToString(CultureInfo.InvariantCulture);
}
