using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx.Slicing;

/// <summary>
/// Writes the initializers of one sub-model: copied, or as external data pointing to where they lie. Files
/// it copies from stay open until it is disposed, after the sub-model has been written out.
/// </summary>
/// <param name="source">The model.</param>
/// <param name="folder">The model's folder; null for a model in memory.</param>
/// <param name="mappedFile">The model's file name where weights are mapped; null where they are copied.</param>
internal sealed class WeightWriter(ByteSource source, string? folder, string? mappedFile) : IDisposable
{
    private readonly MessageBuilder _tensor = new();
    private readonly MessageBuilder _entry = new();
    private readonly Dictionary<string, ByteSource> _files = new(StringComparer.Ordinal);

    /// <summary>Tensors written as external data.</summary>
    public int Mapped { get; private set; }

    /// <summary>Whether the sub-model names files in the model's folder.</summary>
    public bool ReadsFiles { get; private set; }

    /// <summary>Writes a tensor as an initializer called <paramref name="name"/>.</summary>
    public void Write(MessageBuilder graph, TensorInfo tensor, string name)
    {
        _tensor.Clear();
        if (tensor.External is { } external)
        {
            string location = Location(external);
            if (mappedFile != null)
                PointTo(tensor, name, location, external.Offset);
            else
                CopyExternal(tensor, name, location, external.Offset);
        }
        else if (mappedFile != null && tensor.Storage == Storage.Plain && tensor.ByteSize >= SubModelWriter.SmallestMapped)
        {
            PointTo(tensor, name, mappedFile, tensor.Data.Offset);
        }
        else
        {
            _tensor.Append(source, tensor.Message);
            // Of two names in a message the last counts.
            if (tensor.Name != name)
                _tensor.Text(Tags.Tensor.Name, name);
        }
        graph.Message(Tags.Graph.Initializer, _tensor);
    }

    /// <summary>Writes a sparse tensor as an initializer called <paramref name="name"/>, copied.</summary>
    public void WriteSparse(MessageBuilder graph, SparseTensorInfo tensor, string name)
    {
        NoteExternal(tensor.Values);
        NoteExternal(tensor.Indices);
        _tensor.Clear();
        _tensor.Append(source, tensor.Message);
        if (tensor.Name != name)
        {
            // A second occurrence of the values is merged into the first.
            _entry.Clear();
            _entry.Text(Tags.Tensor.Name, name);
            _tensor.Message(Tags.SparseTensor.Values, _entry);
        }
        graph.Message(Tags.Graph.SparseInitializer, _tensor);
    }

    /// <summary>Writes a <c>Constant</c> node whose numbers or strings stand in the attribute itself.</summary>
    public void WriteInline(MessageBuilder graph, Node constant)
    {
        _tensor.Clear();
        ConstantNode.WriteInline(_tensor, constant);
        graph.Message(Tags.Graph.Initializer, _tensor);
    }

    /// <summary>Notes and checks files named by tensors inside a node, which is copied as it is.</summary>
    public void NoteExternal(Node node) => TensorWalk.VisitAttributes(node.Attributes, NoteExternal);

    /// <summary>The same for a function.</summary>
    public void NoteExternal(ModelFunction function) => TensorWalk.VisitFunction(function, NoteExternal);

    public void Dispose()
    {
        foreach (ByteSource file in _files.Values)
            file.Dispose();
    }

    private void NoteExternal(TensorInfo tensor)
    {
        if (tensor.External is not { } external)
            return;
        Location(external);
        ReadsFiles = true;
    }

    // Where the data lies below the model's folder.
    private string Location(ExternalData external)
    {
        if (folder is null)
            throw new ModelException(Rules.ExternalDataMissing, external.Location);
        return ExternalLocation.Below(external.Location)
            ?? throw new ModelException(Rules.ExternalDataOutside, external.Location);
    }

    private void PointTo(TensorInfo tensor, string name, string location, long offset)
    {
        Describe(tensor, name);
        Entry("location", location);
        Entry("offset", offset.ToString(CultureInfo.InvariantCulture));
        Entry("length", tensor.ByteSize.ToString(CultureInfo.InvariantCulture));
        _tensor.Number(Tags.Tensor.Location, 1);
        Mapped++;
        ReadsFiles = true;
    }

    private void CopyExternal(TensorInfo tensor, string name, string location, long offset)
    {
        if (!_files.TryGetValue(location, out ByteSource? file))
            _files.Add(location, file = Open(location));
        if (offset > file.Length - tensor.ByteSize)
        {
            throw new ModelException(Rules.ExternalDataTooShort, tensor.Name,
                string.Format(CultureInfo.InvariantCulture, "{0} to {1}", offset, offset + tensor.ByteSize),
                location, file.Length.ToString(CultureInfo.InvariantCulture));
        }
        Describe(tensor, name);
        _tensor.Copy(Tags.Tensor.Raw, file, new ByteRange(offset, tensor.ByteSize));
    }

    private ByteSource Open(string location)
    {
        try
        {
            return ByteSource.OpenFile(Path.Combine(folder!, location));
        }
        catch (ModelException e) when (e.Problem.Rule == Rules.FileMissing)
        {
            throw new ModelException(new Problem(Rules.ExternalDataMissing, location), e);
        }
    }

    private void Describe(TensorInfo tensor, string name)
    {
        foreach (long dim in tensor.Dims)
            _tensor.Number(Tags.Tensor.DimsOne, dim);
        _tensor.Number(Tags.Tensor.Element, (int)tensor.Element);
        _tensor.Text(Tags.Tensor.Name, name);
    }

    private void Entry(string key, string value)
    {
        _entry.Clear();
        _entry.Text(Tags.Entry.Key, key);
        _entry.Text(Tags.Entry.Value, value);
        _tensor.Message(Tags.Tensor.ExternalEntry, _entry);
    }
}
