using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Core.Placement;
using Cleave.Core.Tuning;
using Cleave.Devices;
using Cleave.Devices.Cuda;
using Cleave.Tuning;

namespace Cleave.Tool.Tuning;

/// <summary><c>cleave tune --device</c>: measures this machine's accelerator, and puts its profile into the model's tuning file, which builds plan with.</summary>
internal static class DeviceTuneRun
{
    private const string Cuda = "cuda";

    /// <summary>Opens <c>cuda</c>, or <c>cuda:1</c>.</summary>
    /// <exception cref="RefusedException">It is no such name.</exception>
    /// <exception cref="DeviceUnavailableException">Something is missing.</exception>
    public static IDevice Open(string name)
    {
        string[] parts = name.Split(':');
        int index = 0;
        return parts[0] == Cuda && (parts.Length == 1 || (parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out index)))
            ? CudaDevice.Open(index)
            : throw new RefusedException($"--device {name}: use cuda, or cuda:1 for the second.");
    }

    /// <param name="path">The model.</param>
    /// <param name="cores">The cores of this machine's section.</param>
    /// <param name="device">The accelerator.</param>
    /// <param name="progress">Told what is measured now.</param>
    /// <param name="token">Ends it; nothing is written then.</param>
    /// <param name="rounds">How often each thing is measured.</param>
    /// <returns>The profile, which is in the file now.</returns>
    /// <exception cref="DamagedFileException">The tuning file is damaged.</exception>
    public static IReadOnlyList<string> Run(string path, int cores, IDevice device, Action<string> progress, CancellationToken token, int rounds = DeviceMeasurement.ManyRounds)
    {
        string hash = ListingWriter.Hash(ModelReader.ReadFile(path)), file = path + TuningFile.Ending;
        // First: nothing is measured for a file that cannot be written to.
        Read(file);
        WritableTuning.Check(file);
        IReadOnlyList<string> profile = AcceleratorProfileText.Lines(new DeviceMeasurement(device, AcceleratorProfiles.Default, progress, token) { Rounds = rounds }.Measure());
        MachineSignature machine = ThisMachine.Of(cores);
        // Again, as others may have written meanwhile.
        using IDisposable? held = TuningLock.ToWrite(file);
        TuningFile tuning = Read(file);
        TuningSection section = (tuning.Find(machine) ?? new TuningSection(machine, hash, IsComplete: false, [])) with { Accelerator = profile };
        byte[] text = Encoding.UTF8.GetBytes(tuning.With(section).Write());
        OutputFile.Write(file, stream => stream.Write(text));
        return profile;
    }

    // What others measured is not thrown away because of a broken line.
    private static TuningFile Read(string file) => File.Exists(file) ? LinesFile.Read(file, TuningFile.Read) : TuningFile.Empty;
}
