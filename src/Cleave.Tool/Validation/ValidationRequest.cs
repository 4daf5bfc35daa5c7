using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Listing;
using Cleave.Tool.Measuring;

namespace Cleave.Tool.Validation;

/// <summary>What <c>cleave validate</c> was asked for.</summary>
/// <param name="Models">Models, or listings of models.</param>
/// <param name="Project">The folder that paths in listings are relative to.</param>
/// <param name="OnnxRuntime">The native library; null: the one that comes with this program.</param>
/// <param name="JUnit">Where JUnit's XML goes; null: nowhere.</param>
/// <param name="Summary">Where the summary goes; null: nowhere.</param>
/// <param name="Cache">The folder that remembers what passed; null: nothing does.</param>
/// <param name="Limit">When a model is given up.</param>
/// <param name="MaxSlowdown">The speed budget of models whose item has none; empty: none.</param>
internal sealed record ValidationRequest(
    IReadOnlyList<string> Models, string Project, string? OnnxRuntime, string? JUnit, string? Summary, string? Cache, TimeSpan Limit, string MaxSlowdown)
{
    private const string LeftOut = "its item says Validate=\"false\"";

    /// <summary>Validates one model after the other, and writes the files.</summary>
    /// <param name="host">The program that each runs in, in a process of its own.</param>
    /// <param name="show">Told of each at once: what comes later may fail.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<List<ValidationReport>> RunAsync(WorkerHost host, Action<ValidationReport> show, CancellationToken cancellationToken)
    {
        // What was found before is no result of this run, and where it ends early there is none.
        Delete(JUnit);
        Delete(Summary);
        if (OnnxRuntime is not null && !File.Exists(OnnxRuntime))
            throw new FileNotFoundException($"--onnxruntime {OnnxRuntime}: there is no such file");
        ValidationProcess process = new(host, Limit, OnnxRuntime);
        ValidationCache? cache = Cache is null ? null : new(Cache, OnnxRuntime);
        List<ValidationReport> reports = [];
        foreach (string model in Models)
        {
            reports.Add(await RunAsync(model, process, cache, cancellationToken));
            show(reports[^1]);
        }
        Write(JUnit, stream => ValidationFiles.WriteJUnit(reports, stream));
        Write(Summary, stream => stream.Write(Encoding.UTF8.GetBytes(ValidationFiles.Summary(reports))));
        return reports;
    }

    private async Task<ValidationReport> RunAsync(string model, ValidationProcess process, ValidationCache? cache, CancellationToken cancellationToken)
    {
        bool isListing = model.EndsWith(".graph", StringComparison.OrdinalIgnoreCase);
        ListingOptions options = isListing
            ? LinesFile.Read(model, static text => ListingReader.Read(text).Options, LinesFile.BuildAgain)
            : new ListingOptions { Source = model.Replace('\\', '/') };
        if (options.MaxSlowdown.Length == 0)
            options = options with { MaxSlowdown = MaxSlowdown };
        string file = Path.GetFullPath(isListing ? Path.Combine(Project, options.Source) : model);
        if (options.Validate.Equals("false", StringComparison.OrdinalIgnoreCase))
            return new ValidationReport(options.Source, file, 0, []) { LeftOut = LeftOut };
        if (!File.Exists(file))
            return new ValidationReport(options.Source, file, 0, [new ValidationCheck("load and run", "the file does not exist")]);
        string from = options.QuantizedFrom.Length == 0 ? "" : Path.GetFullPath(Path.Combine(Project, options.QuantizedFrom));
        if (from.Length > 0 && !File.Exists(from))
            return new ValidationReport(options.Source, file, 0, [new ValidationCheck("8 bits against floats", $"'{options.QuantizedFrom}', which it was made of, does not exist")]);
        string? key = cache?.KeyOf(file, options, from, cancellationToken);
        if (key is not null && cache!.Has(key))
            return new ValidationReport(options.Source, file, 0, []) { Unchanged = true };
        ValidationReport report = await process.RunAsync(file, options with { QuantizedFrom = from }, cancellationToken);
        if (report.Refused is { } why)
            throw new LibraryException(why);
        return key is not null && report.Passed ? report with { NotKept = cache!.Keep(key, options.Source) } : report;
    }

    private static void Delete(string? path)
    {
        if (File.Exists(path))
            File.Delete(path);
    }

    private static void Write(string? path, Action<Stream> write)
    {
        if (path is null)
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        OutputFile.Write(path, write);
    }
}
