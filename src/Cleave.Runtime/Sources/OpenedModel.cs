using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Cores;
using Cleave.Generated;

namespace Cleave.Sources;

/// <summary>
/// A model that was found, read and accepted. Its file is opened once and held: a session made an hour later sees the same one.
/// </summary>
internal sealed class OpenedModel : IDisposable
{
    private readonly FileIdentity _identity;
    private readonly List<(string Path, FileIdentity? Identity)> _external = [];

    private OpenedModel(ModelDefinition definition, ModelSource source)
    {
        Name = definition.Name;
        Source = source;
        Path = source.Path;
        Memory = source.Model;
        try
        {
            Bytes = Path is null ? ByteSource.FromBytes(Memory) : ByteSource.OpenFile(Path);
        }
        catch (ModelException e)
        {
            throw new CleaveException(e, Place);
        }
        try
        {
            if (Bytes.Handle is { } handle)
                _identity = FileIdentity.Of(handle);
            Model = ModelReader.Read(Bytes, CancellationToken.None);
            CheckHash(definition);
            FindExternalFiles();
        }
        catch (ModelException e)
        {
            Bytes.Dispose();
            throw new CleaveException(e, Place);
        }
        catch
        {
            Bytes.Dispose();
            throw;
        }
    }

    public string Name { get; }

    /// <summary>Where it came from.</summary>
    public ModelSource Source { get; }

    /// <summary>The file; null for a model in memory.</summary>
    public string? Path { get; }

    /// <summary>The bytes of a model in memory.</summary>
    public ReadOnlyMemory<byte> Memory { get; }

    public ByteSource Bytes { get; }

    public OnnxModel Model { get; }

    /// <summary>The other files with weights.</summary>
    public IEnumerable<string> ExternalFiles => _external.Select(static f => f.Path);

    /// <summary>Whether there are weights in other files.</summary>
    public bool HasExternalData => _external.Count > 0;

    /// <summary>Whether its weights were rounded for processors with VNNI instructions.</summary>
    public bool NeedsVnni => QuantisationMetadata.Of(Model, QuantisationMetadata.Processor) == QuantisationMetadata.Vnni;

    /// <summary>For messages: the path, or that there is none.</summary>
    public string Place => Path ?? Name + " (in memory)";

    /// <summary>Opens the model, refused where it needs VNNI instructions that the processor lacks: as it says itself, unless <paramref name="hasVnni"/> says it.</summary>
    public static OpenedModel Open(ModelDefinition definition, RunnerOptions options, bool? hasVnni = null)
    {
        if (definition.Contract != ModelDefinition.ContractServed)
        {
            throw new CleaveException(Rules.ContractNotServed, null, definition.Path,
                definition.Contract.ToString(CultureInfo.InvariantCulture),
                ModelDefinition.ContractServed.ToString(CultureInfo.InvariantCulture));
        }
        OpenedModel opened = new(definition, ModelLocation.Resolve(definition, options));
        if (options.AllowSaturation == true || !opened.NeedsVnni || (hasVnni ?? Vnni.IsHere))
            return opened;
        opened.Dispose();
        throw new CleaveException(Rules.NeedsVnni, null, opened.Place);
    }

    /// <summary>Throws where the path no longer leads to the file that is held, or the file was changed.</summary>
    /// <exception cref="CleaveException">CLV4004.</exception>
    public void CheckUnchanged()
    {
        if (Path is null)
            return;
        string? difference = _identity.Difference(FileIdentity.Of(Bytes.Handle!)) ?? _identity.Difference(FileIdentity.Of(Path));
        foreach ((string path, FileIdentity? identity) in _external)
        {
            if (difference is null && identity?.Difference(FileIdentity.Of(path)) is { } external)
                difference = System.IO.Path.GetFileName(path) + ": " + external;
        }
        if (difference != null)
            throw new CleaveException(Rules.FileChanged, null, Path, difference);
    }

    public void Dispose() => Bytes.Dispose();

    private void CheckHash(ModelDefinition definition)
    {
        string hash = ListingWriter.Hash(Model);
        if (hash != definition.Hash)
            throw new CleaveException(Rules.GraphDiffers, null, Place, hash, definition.Hash);
    }

    // Weights in other files are opened by ONNX Runtime by name, so those names are watched like the model's.
    private void FindExternalFiles()
    {
        if (Path is null)
        {
            TensorWalk.Visit(Model, static tensor =>
            {
                if (tensor.External is { } external)
                    throw new ModelException(Rules.ExternalDataMissing, external.Location);
            });
            return;
        }
        ExternalFiles files = new(Path);
        foreach (string location in files.Find(Model))
        {
            string path = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, location);
            _external.Add((path, FileIdentity.Of(path)));
        }
        if (files.Problems.Count > 0)
            throw new ModelException(files.Problems[0]);
    }
}
