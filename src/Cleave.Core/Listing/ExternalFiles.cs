using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;

namespace Cleave.Core.Listing;

/// <summary>Finds the files beside a model that hold weights, and what is wrong with them: one problem for each file, of the first ones.</summary>
internal sealed class ExternalFiles(string modelPath)
{
    private const int MostProblems = 20;

    private readonly string _folder = Path.GetDirectoryName(Path.GetFullPath(modelPath)) ?? "";
    private readonly string _modelName = Path.GetFileName(modelPath);
    private readonly Dictionary<string, FileState> _files = new(StringComparer.Ordinal);
    private readonly List<Problem> _problems = [];
    private int _left;

    public IReadOnlyList<Problem> Problems => _problems;

    /// <summary>The files below the model's folder, missing ones too; sorted.</summary>
    public string[] Find(OnnxModel model)
    {
        TensorWalk.Visit(model, Check);
        foreach (KeyValuePair<string, FileState> named in _files)
        {
            // Published it would be all the same: any file of the project, say one with secrets, for a model that reads nothing of it.
            if (named.Value is { IsRead: false, Reported: false, Length: > 0 } file)
            {
                file.Reported = true;
                Report(new Problem(Rules.Unreadable, "only weights without elements are in the file '" + named.Key + "', which is not empty: export the model anew, with those in the model itself"));
            }
        }
        if (_left > 0)
        {
            _problems.Add(new Problem(Rules.Unreadable, "weights are wrong in " + _left.ToString("N0", CultureInfo.InvariantCulture)
                + (_left == 1 ? " more place" : " more places") + ", too: put those right that are named, and build again"));
        }
        SortedSet<string> paths = new(StringComparer.Ordinal);
        foreach (FileState file in _files.Values)
        {
            if (file.Path is { } path && path != _modelName && (file.IsRead || file.Length == 0))
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
        file.IsRead |= tensor.ByteSize > 0;
        if (file.Reported || external.Offset + tensor.ByteSize <= file.Length)
            return;
        file.Reported = true;
        Report(new Problem(Rules.ExternalDataTooShort, tensor.Name,
            string.Format(CultureInfo.InvariantCulture, "{0} to {1}", external.Offset, external.Offset + tensor.ByteSize),
            external.Location, file.Length.ToString(CultureInfo.InvariantCulture)));
    }

    private void Report(Problem problem)
    {
        if (_problems.Count < MostProblems)
            _problems.Add(problem);
        else
            _left++;
    }

    private FileState Open(string location)
    {
        string? path = ExternalLocation.Below(location);
        if (path is null)
        {
            Report(new Problem(Rules.ExternalDataOutside, location));
            return new FileState(null, 0) { Reported = true };
        }
        if (LinkedFile.Find(Path.Combine(_folder, path)) is not { } file)
        {
            Report(new Problem(Rules.ExternalDataMissing, path));
            return new FileState(path, 0) { Reported = true };
        }
        return new FileState(path, file.Length);
    }

    private sealed class FileState(string? path, long length)
    {
        public string? Path { get; } = path;

        public long Length { get; } = length;

        public bool Reported { get; set; }

        /// <summary>Whether any weight has elements there.</summary>
        public bool IsRead { get; set; }
    }
}
