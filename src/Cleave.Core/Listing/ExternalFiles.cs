using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;

namespace Cleave.Core.Listing;

/// <summary>Finds the files beside a model that hold weights, and what is wrong with them: one problem for each file.</summary>
internal sealed class ExternalFiles(string modelPath)
{
    private readonly string _folder = Path.GetDirectoryName(Path.GetFullPath(modelPath)) ?? "";
    private readonly string _modelName = Path.GetFileName(modelPath);
    private readonly Dictionary<string, FileState> _files = new(StringComparer.Ordinal);
    private readonly List<Problem> _problems = [];

    public IReadOnlyList<Problem> Problems => _problems;

    /// <summary>The files below the model's folder, missing ones too; sorted.</summary>
    public string[] Find(OnnxModel model)
    {
        TensorWalk.Visit(model, Check);
        SortedSet<string> paths = new(StringComparer.Ordinal);
        foreach (FileState file in _files.Values)
        {
            if (file.Path is { } path && path != _modelName)
                paths.Add(path);
        }
        return [.. paths];
    }

    private void Check(TensorInfo tensor)
    {
        if (tensor.External is not { } external)
            return;
        if (!_files.TryGetValue(external.Location, out FileState? file))
            _files.Add(external.Location, file = Open(external.Location));
        if (file.Reported || external.Offset + tensor.ByteSize <= file.Length)
            return;
        file.Reported = true;
        _problems.Add(new Problem(Rules.ExternalDataTooShort, tensor.Name,
            string.Format(CultureInfo.InvariantCulture, "{0} to {1}", external.Offset, external.Offset + tensor.ByteSize),
            external.Location, file.Length.ToString(CultureInfo.InvariantCulture)));
    }

    private FileState Open(string location)
    {
        string? path = ExternalLocation.Below(location);
        if (path is null)
        {
            _problems.Add(new Problem(Rules.ExternalDataOutside, location));
            return new FileState(null, 0) { Reported = true };
        }
        if (LinkedFile.Find(Path.Combine(_folder, path)) is not { } file)
        {
            _problems.Add(new Problem(Rules.ExternalDataMissing, path));
            return new FileState(path, 0) { Reported = true };
        }
        return new FileState(path, file.Length);
    }

    private sealed class FileState(string? path, long length)
    {
        public string? Path { get; } = path;

        public long Length { get; } = length;

        public bool Reported { get; set; }
    }
}
