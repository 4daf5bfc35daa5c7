using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Tool.Measuring;
using Cleave.Tool.Output;

namespace Cleave.Tool.Validation;

/// <summary>
/// A model in a process of its own: native code that crashes takes that process along, and one that hangs is stopped.
/// The child gets the model's listing on its standard input, and answers with its report in JSON.
/// </summary>
internal sealed class ValidationProcess(WorkerHost host, TimeSpan limit, string? onnxRuntime)
{
    public const string Verb = "validation-worker";

    /// <summary>The parent's side.</summary>
    public async Task<ValidationReport> RunAsync(string file, ListingOptions options, CancellationToken cancellationToken)
    {
        Stopwatch time = Stopwatch.StartNew();
        (string program, string[] before) = host.Command;
        ProcessStartInfo start = new(program, [.. before, Verb, file, onnxRuntime ?? ""])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        using Process process = Process.Start(start)!;
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stop.CancelAfter(limit);
        Task<string> answer = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await TellAsync(process, options);
            await process.WaitForExitAsync(stop.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            return Aborted(string.Create(CultureInfo.InvariantCulture, $"it did not end within {limit.TotalSeconds:0} seconds and was stopped"));
        }
        string text = await answer, said = await errors;
        // Ctrl+C ends it, too.
        cancellationToken.ThrowIfCancellationRequested();
        return process.ExitCode == 0 && text.Length > 0 && JsonSerializer.Deserialize(text, JsonReport.Default.ValidationReport) is { } report
            ? report with { Seconds = time.Elapsed.TotalSeconds }
            : Aborted(process.ExitCode == 0 ? "its process ended without an answer" : string.Create(CultureInfo.InvariantCulture, $"its process ended with the code {process.ExitCode}{FirstLine(said)}"));

        ValidationReport Aborted(string what) =>
            new(options.Source, file, time.Elapsed.TotalSeconds, [new ValidationCheck("process", what) { Rule = Rules.ValidationAborted.Id }]);
    }

    /// <summary>The child's side.</summary>
    public static int Serve(string file, string onnxRuntime, TextReader input, TextWriter output)
    {
        if (onnxRuntime.Length > 0)
            ResolvedOnnxRuntime.Use(onnxRuntime);
        ListingOptions options = ListingReader.Read(input.ReadToEnd()).Options;
        ValidationReport report;
        try
        {
            LoadedOnnxRuntime loaded = LoadedOnnxRuntime.Find();
            WorkerHost host = new(typeof(ValidationProcess).Assembly) { OnnxRuntime = onnxRuntime.Length > 0 ? onnxRuntime : null };
            report = ModelValidation.Run(file, options, host, CancellationToken.None) with { OnnxRuntime = loaded };
        }
        catch (LibraryException e)
        {
            report = new ValidationReport(options.Source, file, 0, []) { Refused = ResolvedOnnxRuntime.Refused(onnxRuntime, e) };
        }
        JsonReport.Write(report, JsonReport.Default.ValidationReport, output);
        return 0;
    }

    private static async Task TellAsync(Process process, ListingOptions options)
    {
        using MemoryStream text = new();
        ListingWriter.Write(new ModelListing { Options = options }, text);
        try
        {
            await process.StandardInput.WriteAsync(Encoding.UTF8.GetString(text.ToArray()));
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended; its exit code says so.
        }
    }

    private static string FirstLine(string errors)
    {
        string[] lines = errors.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return lines.Length == 0 ? "" : ": " + lines[0];
    }
}
