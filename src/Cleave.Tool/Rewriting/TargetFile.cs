using System;
using System.Collections.Generic;
using System.IO;
using Cleave.Sources;

namespace Cleave.Tool.Rewriting;

/// <summary>
/// The file that is written at the end: everything is made beside it under other names, which are gone afterwards, whatever
/// happens.
/// </summary>
internal sealed class TargetFile : IDisposable
{
    private readonly string _mark = Guid.NewGuid().ToString("N")[..8];
    private readonly List<string> _drafts = [];
    private readonly string _option;

    /// <param name="path">Where to.</param>
    /// <param name="source">The model that is read, links resolved; empty: none is.</param>
    /// <param name="option">The option that names it.</param>
    /// <exception cref="RewriteException">There is no writing there.</exception>
    public TargetFile(string path, string source, string option = "-o")
    {
        _option = option;
        if (path.Length == 0)
            throw new RewriteException($"{_option}: its name is empty. Give the file to write.");
        Path = Resolved(path);
        Folder = System.IO.Path.GetDirectoryName(Path) ?? throw new RewriteException($"{_option} {path}: give a file.");
        if (IsSame(Path, source))
            throw new RewriteException($"{_option} {path}: that is the model itself, which is never overwritten. Give another file.");
        if (Directory.Exists(Path) || System.IO.Path.EndsInDirectorySeparator(path))
            throw new RewriteException($"{_option} {path}: that is a folder. Give a file in it.");
        if (!Directory.Exists(Folder))
            throw new RewriteException($"{_option} {path}: the folder {Folder} does not exist.");
        if (WriteTrial.WhyNot(Path, Draft("try")) is { } whyNot)
            throw new RewriteException($"{_option} {path}: it cannot be written: {whyNot}");
        IsBesideSource = IsSame(Folder, System.IO.Path.GetDirectoryName(source) ?? "");
    }

    /// <summary>The full path, links resolved.</summary>
    public string Path { get; }

    public string Folder { get; }

    /// <summary>Whether external weights are found from there as they are from the source.</summary>
    public bool IsBesideSource { get; }

    /// <summary>The file for external weights, where they have to come along.</summary>
    public string DataPath => Path + ".data";

    /// <summary>A file in the same folder that is deleted at the end, unless it has become something else.</summary>
    public string Draft(string what)
    {
        string draft = System.IO.Path.Combine(Folder, $"{System.IO.Path.GetFileName(Path)}.{_mark}.{what}");
        _drafts.Add(draft);
        return draft;
    }

    /// <exception cref="RewriteException">It is one of the files that the model reads.</exception>
    public void Spare(IEnumerable<string> files)
    {
        foreach (string file in files)
        {
            if (IsSame(Resolved(file), Path) || IsSame(Resolved(file), DataPath))
                throw new RewriteException($"{_option} {Path}: {file} holds weights of the model. Give another file.");
        }
    }

    public void Dispose()
    {
        foreach (string draft in _drafts)
            File.Delete(draft);
    }

    private string Resolved(string path)
    {
        try
        {
            return ModelLocation.FinalTarget(path);
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            throw new RewriteException($"{_option} {path}: {e.Message}", e);
        }
    }

    private static bool IsSame(string one, string other) =>
        string.Equals(one, other, OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);
}
