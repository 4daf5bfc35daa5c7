using System;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Slicing;

namespace Cleave.Recording;

/// <summary>The folder that inputs of one model are recorded into, as ONNX's test data has them; for its owner only.</summary>
internal sealed class RecordingFolder
{
    private const string Ending = ".recorded";
    private const string SetPrefix = "test_data_set_";
    private const string Unfinished = ".making-";
    private const UnixFileMode OwnFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // Writing one takes seconds at most: an older draft is that of a killed process, a younger one may be another recorder's.
    private static readonly TimeSpan Forgotten = TimeSpan.FromHours(1);

    private readonly string _path;
    private int _next;

    /// <param name="folder">The folder of all models.</param>
    /// <param name="place">The model's place in the build output, which no other model has.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public RecordingFolder(string folder, string place)
    {
        _path = Path.GetFullPath(Path.Combine(folder, place + Ending));
        Make(_path);
        foreach (string left in Directory.GetDirectories(_path, Unfinished + "*").Where(static d => DateTime.UtcNow - Directory.GetLastWriteTimeUtc(d) > Forgotten))
            Directory.Delete(left, recursive: true);
        Look();
    }

    /// <summary>How many requests it holds.</summary>
    public int Count { get; private set; }

    /// <summary>What they take.</summary>
    public long Bytes { get; private set; }

    public string FullPath => _path;

    /// <summary>Writes a request: under another name first, so that a killed process leaves it whole or not at all.</summary>
    /// <param name="request">What to write.</param>
    /// <param name="count">The most requests that the folder may hold.</param>
    /// <param name="most">The most bytes.</param>
    /// <returns>Whether there was room for it, beside what others recorded here meanwhile.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    public bool TryAdd(RecordedRequest request, int count, long most)
    {
        string draft = Path.Combine(_path, Unfinished + Guid.NewGuid().ToString("N"));
        try
        {
            Make(draft);
            long bytes = 0;
            for (int i = 0; i < request.Inputs.Count; i++)
                bytes += Write(Path.Combine(draft, string.Create(CultureInfo.InvariantCulture, $"input_{i}.pb")), request.Inputs[i]);
            // Other runners and processes may record the same model here: where none has taken the next number, none has added anything.
            while (Count < count && bytes <= most - Bytes)
            {
                if (TryMove(draft, Path.Combine(_path, string.Create(CultureInfo.InvariantCulture, $"{SetPrefix}{_next}"))))
                {
                    _next++;
                    Count++;
                    Bytes += bytes;
                    return true;
                }
                Look();
            }
            return false;
        }
        finally
        {
            if (Directory.Exists(draft))
                Directory.Delete(draft, recursive: true);
        }
    }

    // What is there: of earlier starts, and of others that record here.
    private void Look()
    {
        string[] sets = Directory.GetDirectories(_path, SetPrefix + "*");
        Count = sets.Length;
        Bytes = sets.SelectMany(Directory.GetFiles).Sum(static f => new FileInfo(f).Length);
        _next = sets.Select(static s => int.TryParse(Path.GetFileName(s).AsSpan(SetPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number + 1 : 0).DefaultIfEmpty(0).Max();
    }

    private static bool TryMove(string from, string to)
    {
        try
        {
            Directory.Move(from, to);
            return true;
        }
        catch (IOException) when (Directory.Exists(to))
        {
            return false;
        }
    }

    private static void Make(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnFolder);
    }

    private static int Write(string path, RecordedTensor input)
    {
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnFile;
        byte[] tensor = Tensor(input);
        using FileStream file = new(path, options);
        file.Write(tensor);
        return tensor.Length;
    }

    private static byte[] Tensor(RecordedTensor input)
    {
        MessageBuilder tensor = new();
        foreach (int dim in input.Shape)
            tensor.Number(Tags.Tensor.DimsOne, dim);
        tensor.Number(Tags.Tensor.Element, (int)input.Type);
        foreach (string text in input.Texts ?? [])
            tensor.Text(Tags.Tensor.String, text);
        tensor.Text(Tags.Tensor.Name, input.Name);
        if (input.Texts is null)
            tensor.Bytes(Tags.Tensor.Raw, input.Bytes);
        return tensor.ToArray();
    }
}
