using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Cleave.Devices.Cuda;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Devices;

/// <summary>What is said where CUDA cannot be used, and which failure of CUDA's is which. None of it needs a GPU; what needs one has no test.</summary>
public class CudaTests
{
    private static readonly CudaRequirements Complete = new(["CUDAExecutionProvider", "CPUExecutionProvider"], "/app/provider.so", 13000, 2, []);

    [Fact]
    public void Nothing_is_said_where_nothing_is_missing() => Assert.Null(Complete.Problem(1));

    [Fact]
    public void The_first_thing_that_is_missing_is_named_with_what_to_install()
    {
        AssertProblem(Complete with { Providers = ["CPUExecutionProvider"], DriverVersion = null }, "built without CUDA", "Microsoft.ML.OnnxRuntime.Gpu");
        AssertProblem(Complete with { ProviderPath = null }, CudaLibraries.ProviderFile, "deploy its native libraries");
        AssertProblem(Complete with { DriverVersion = null }, "no NVIDIA driver", "install the NVIDIA driver");
        AssertProblem(Complete with { DriverVersion = -100 }, "finds no device", "CUDA_VISIBLE_DEVICES");
        AssertProblem(Complete with { DriverVersion = -803 }, "different versions", "restart");
        AssertProblem(Complete with { DriverVersion = -999 }, "CUDA error 999", "nvidia-smi");
        AssertProblem(Complete with { Devices = 0 }, "shows no device", "CUDA_VISIBLE_DEVICES");
        AssertProblem(Complete with { Devices = 1 }, "there are 1 devices", "another number");
        AssertProblem(Complete with { Missing = ["libcublasLt.so.13", "libcublas.so.13", "libcudnn.so.9"] },
            "needs libcublasLt.so.13, libcublas.so.13, libcudnn.so.9", "install the CUDA 13 runtime libraries and cuDNN 9 for that CUDA version");
    }

    [Theory]
    [InlineData("libcudart.so.12", "the CUDA 12 runtime libraries")]
    [InlineData("libcublasLt.so.13", "the CUDA 13 runtime libraries")]
    [InlineData("libcurand.so.10", "the CUDA runtime libraries (libcurand) of the same version")]
    [InlineData("libcudnn.so.9", "cuDNN 9 for that CUDA version")]
    [InlineData("cudnn64_9.dll", "cuDNN 9 for that CUDA version")]
    [InlineData("cudart64_13.dll", "the CUDA 13 runtime libraries")]
    [InlineData("cublasLt64_12.dll", "the CUDA 12 runtime libraries")]
    [InlineData("cufft64_11.dll", "the CUDA runtime libraries (cufft64_11) of the same version")]
    [InlineData("libcuda.so.1", "the NVIDIA driver")]
    public void Every_library_has_a_remedy(string library, string remedy) => Assert.Equal(remedy, CudaLibraries.Remedy(library));

    [SkippableFact]
    public void A_library_names_what_it_needs()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "ELF files are Linux's.");
        string native = Directory.EnumerateFiles(AppContext.BaseDirectory, "libonnxruntime.so", SearchOption.AllDirectories).First();
        Assert.Contains("libc.so.6", ElfLibraries.Of(native));
    }

    [SkippableFact]
    public void A_damaged_library_needs_nothing_and_breaks_nothing()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "ELF files are Linux's.");
        using TempFolder folder = new();
        string native = Directory.EnumerateFiles(AppContext.BaseDirectory, "libonnxruntime.so", SearchOption.AllDirectories).First();
        byte[][] heads = [File.ReadAllBytes(native)[..4096], PeThatNeeds("KERNEL32.dll", "cudart64_13.dll")];
        Random random = new(1);
        for (int i = 0; i < 600; i++)
        {
            byte[] head = heads[i % 2], damaged = head[..random.Next(head.Length)];
            for (int hits = random.Next(8); hits > 0 && damaged.Length > 0; hits--)
                damaged[random.Next(Math.Min(damaged.Length, 600))] = (byte)random.Next(256);
            string path = Path.Combine(folder.Path, "damaged.so");
            File.WriteAllBytes(path, damaged);
            Assert.True(CudaLibraries.Needed(path).Count <= 4096);
        }
    }

    [Fact]
    public void Missing_libraries_are_those_that_cannot_be_loaded()
    {
        using TempFolder folder = new();
        string path = Path.Combine(folder.Path, "none.so");
        File.WriteAllText(path, "no library");
        Assert.Single(CudaLibraries.Missing(path, _ => false));
        Assert.Empty(CudaLibraries.Missing(path, _ => true));
    }

    [Theory]
    [InlineData(12000, "the driver serves CUDA 12.0, and the CUDA provider needs 13")]
    [InlineData(12080, "the driver serves CUDA 12.8, and the CUDA provider needs 13")]
    [InlineData(13000, null)]
    [InlineData(14010, null)]
    public void A_driver_that_is_too_old_is_named_with_the_one_that_is_needed(int driver, string? why)
    {
        using TempFolder folder = new();
        string provider = Path.Combine(folder.Path, "provider.so");
        File.WriteAllBytes(provider, ElfThatNeeds("libcublas.so.13", "libcudart.so.13"));
        Assert.Equal(["libcublas.so.13", "libcudart.so.13"], ElfLibraries.Of(provider));
        (string Why, string Remedy)? problem = (Complete with { ProviderPath = provider, DriverVersion = driver }).Problem(0);
        Assert.Equal(why, problem?.Why);
        Assert.Equal(why is null ? null : "install an NVIDIA driver for CUDA 13 or later", problem?.Remedy);
    }

    // A header, a loaded segment (the whole file) and a dynamic one, whose entries name libraries in a table of strings.
    private static byte[] ElfThatNeeds(params string[] libraries)
    {
        const int Header = 64, Program = 56, Entry = 16;
        int dynamic = Header + (2 * Program), strings = dynamic + ((libraries.Length + 1) * Entry);
        byte[] names = Encoding.ASCII.GetBytes("\0" + string.Join("\0", libraries) + "\0"), elf = new byte[strings + names.Length];
        names.CopyTo(elf, strings);
        ((byte[])[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1]).CopyTo(elf, 0);
        Put(32, Header);
        elf[54] = Program;
        elf[56] = 2;
        elf[Header] = 1;
        Put(Header + 32, elf.Length);
        elf[Header + Program] = 2;
        Put(Header + Program + 8, dynamic);
        Put(Header + Program + 32, strings - dynamic);
        int name = 1;
        for (int i = 0; i < libraries.Length; name += libraries[i++].Length + 1)
        {
            Put(dynamic + (i * Entry), 1);
            Put(dynamic + (i * Entry) + 8, name);
        }
        Put(dynamic + (libraries.Length * Entry), 5);
        Put(dynamic + (libraries.Length * Entry) + 8, strings);
        return elf;

        void Put(int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(elf.AsSpan(at), value);
    }

    [Theory]
    [InlineData(12080, "the driver serves CUDA 12.8, and the CUDA provider needs 13")]
    [InlineData(13000, null)]
    public void The_driver_is_compared_with_what_a_provider_for_Windows_needs_too(int driver, string? why)
    {
        using TempFolder folder = new();
        string provider = folder.Write("provider.dll", PeThatNeeds("KERNEL32.dll", "cudart64_13.dll"));
        Assert.Equal(why, (Complete with { ProviderPath = provider, DriverVersion = driver }).Problem(0)?.Why);
    }

    [Fact]
    public void A_provider_for_Windows_names_the_libraries_that_it_needs()
    {
        using TempFolder folder = new();
        string provider = folder.Write("provider.dll", PeThatNeeds("KERNEL32.dll", "cublas64_13.dll", "cudart64_13.dll"));
        Assert.Equal(["KERNEL32.dll", "cublas64_13.dll", "cudart64_13.dll"], CudaLibraries.Needed(provider));
        Assert.Equal(["cublas64_13.dll", "cudart64_13.dll"], CudaLibraries.Missing(provider, static l => !l.EndsWith("_13.dll", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_runtime_library_is_the_one_that_the_provider_needs()
    {
        using TempFolder folder = new();
        Assert.Equal(["libcudart.so.12"], CudaLibraries.Runtimes(folder.Write("provider.so", ElfThatNeeds("libcublas.so.12", "libcudart.so.12"))));
        Assert.Equal(["cudart64_12.dll"], CudaLibraries.Runtimes(folder.Write("provider.dll", PeThatNeeds("cudart64_12.dll", "cublas64_12.dll"))));
        // Newest first, where the provider does not say.
        string[] known = OperatingSystem.IsWindows() ? ["cudart64_13.dll", "cudart64_12.dll"] : ["libcudart.so.13", "libcudart.so.12"];
        Assert.Equal(known, CudaLibraries.Runtimes(folder.Write("other.so", [1, 2, 3])));
    }

    [Fact]
    public void The_provider_is_looked_for_beside_the_loaded_ONNX_Runtime_and_where_NET_looks()
    {
        using TempFolder folder = new();
        string beside = Directory.CreateDirectory(Path.Combine(folder.Path, "beside")).FullName, searched = Directory.CreateDirectory(Path.Combine(folder.Path, "searched")).FullName;
        string onnxRuntime = Path.Combine(beside, "libonnxruntime.so"), directories = Path.Combine(folder.Path, "none") + Path.PathSeparator + searched + Path.PathSeparator;
        Assert.Null(CudaLibraries.Provider(onnxRuntime, directories));
        File.WriteAllText(Path.Combine(searched, CudaLibraries.ProviderFile), "");
        Assert.Equal(Path.Combine(searched, CudaLibraries.ProviderFile), CudaLibraries.Provider(null, directories));
        File.WriteAllText(Path.Combine(beside, CudaLibraries.ProviderFile), "");
        Assert.Equal(Path.Combine(beside, CudaLibraries.ProviderFile), CudaLibraries.Provider(onnxRuntime, directories));
    }

    // Headers, and one section with the table of imports and their names.
    private static byte[] PeThatNeeds(params string[] libraries)
    {
        const int Optional = 64 + 4 + 20, Section = Optional + 240, Data = 512, Address = 4096, Descriptor = 20;
        int names = (libraries.Length + 1) * Descriptor;
        byte[] text = Encoding.ASCII.GetBytes(string.Join("\0", libraries) + "\0"), pe = new byte[Data + names + text.Length];
        Encoding.ASCII.GetBytes("MZ").CopyTo(pe, 0);
        Put(60, 64);
        Encoding.ASCII.GetBytes("PE").CopyTo(pe, 64);
        Put(68, 0x8664 | (1 << 16));
        Put(64 + 4 + 16, 240 | (0x2022 << 16));
        Put(Optional, 0x20b);
        Put(Optional + 32, 4096);
        Put(Optional + 36, 512);
        Put(Optional + 56, 3 * 4096);
        Put(Optional + 60, Data);
        Put(Optional + 108, 16);
        Put(Optional + 120, Address);
        Put(Optional + 124, names);
        Encoding.ASCII.GetBytes(".idata").CopyTo(pe, Section);
        Put(Section + 8, names + text.Length);
        Put(Section + 12, Address);
        Put(Section + 16, names + text.Length);
        Put(Section + 20, Data);
        text.CopyTo(pe, Data + names);
        int name = Address + names;
        for (int i = 0; i < libraries.Length; name += libraries[i++].Length + 1)
            Put(Data + (i * Descriptor) + 12, name);
        return pe;

        void Put(int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(pe.AsSpan(at), value);
    }

    [SkippableFact]
    public void This_machine_is_told_what_it_lacks()
    {
        Skip.If(CudaDevice.Look().Problem(0) is null, "CUDA works here.");
        DeviceUnavailableException e = Assert.Throws<DeviceUnavailableException>(() => CudaDevice.Open(0));
        Assert.Equal(("CLV4020", "cuda:0"), (e.Id, e.Device));
        Assert.Contains("To use it, ", e.Message);
    }

    [Theory]
    [InlineData("[ErrorCode:RuntimeException] Non-zero status code returned while running ReduceSum node. onnxruntime::BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 939524096", typeof(DeviceMemoryException))]
    [InlineData("CUDA failure 2: out of memory ; GPU=0 ; hostname=h ; expr=cudaMalloc((void**)&p, size);", typeof(DeviceMemoryException))]
    [InlineData("CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0", typeof(DeviceMemoryException))]
    [InlineData("CUDNN failure 5003: CUDNN_STATUS_EXECUTION_FAILED_CUDART ; GPU=0", null)]
    [InlineData("CUDNN failure 4003: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED ; GPU=0", typeof(DeviceMemoryException))]
    [InlineData("CUDA failure 700: an illegal memory access was encountered ; GPU=0", typeof(DeviceLostException))]
    [InlineData("CUDA error 719: unspecified launch failure", typeof(DeviceLostException))]
    [InlineData("CUDA failure 98: invalid device function ; GPU=0", null)]
    [InlineData("CUDA failure 46: all CUDA-capable devices are busy or unavailable ; GPU=0", null)]
    [InlineData("CUDA failure 713: pointer does not correspond to a registered memory region ; GPU=0", null)]
    [InlineData("Non-zero status code returned while running Gather node. indices element out of data bounds, idx=50", null)]
    public void Failures_are_told_apart_by_their_words(string message, Type? expected) =>
        Assert.Equal(expected, CudaFailure.Of(new InvalidOperationException(message), "cuda:0", "bert/Whole")?.GetType());

    [Fact]
    public void A_session_is_told_that_it_has_a_stream_and_which()
    {
        Dictionary<string, string> options = CudaDevice.ProviderOptions(1, 12345, limit: null);
        Assert.Equal(("1", "12345", "1"), (options["has_user_compute_stream"], options["user_compute_stream"], options["device_id"]));
        Assert.DoesNotContain("gpu_mem_limit", options.Keys);
        Assert.Equal("512", CudaDevice.ProviderOptions(0, 1, limit: 512)["gpu_mem_limit"]);
    }

    [Fact]
    public void Floats_of_32_bits_are_not_rounded_to_19() => Assert.Equal("0", CudaDevice.ProviderOptions(0, 1, limit: null)["use_tf32"]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_long_wait_blocks_whether_it_can_be_cancelled_or_not(bool canBeCancelled)
    {
        using CancellationTokenSource source = new();
        int blocked = 0;
        bool isDone = false;
        CudaEvent.Wait(() => isDone, () =>
        {
            blocked++;
            isDone = true;
        }, canBeCancelled ? source.Token : default);
        Assert.Equal(1, blocked);
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => CudaEvent.Wait(() => false, () => Assert.Fail("blocked"), source.Token));
        // What is done is done.
        CudaEvent.Wait(() => true, () => Assert.Fail("blocked"), source.Token);
    }

    private static void AssertProblem(CudaRequirements found, string why, string remedy)
    {
        (string Why, string Remedy) problem = Assert.NotNull(found.Problem(1));
        Assert.Contains(why, problem.Why);
        Assert.Contains(remedy, problem.Remedy);
    }
}
