using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Cores;
using Cleave.Prepared;
using Cleave.Prepared.Making;
using Cleave.Tool.Output;
using Cleave.Tool.Preparing;
using Cleave.Tool.Validation;

namespace Cleave.Tool.Commands;

/// <summary><c>cleave prepare model.onnx -o folder</c> (docs/prepared.md)</summary>
internal sealed class PrepareCommand
{
    private readonly Argument<string[]> _paths = new("models")
    {
        Description = "The .onnx files; with --published graph listings of a build (.graph), which carry the item metadata; with --list, --check and --prune the folder of prepared models.",
        Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<string?> _folder = CleaveCommand.PathOption("--output", "The folder of prepared models; it may hold those of other models, machines and versions.", "-o");
    private readonly Option<int?> _cores = CleaveCommand.Number<int>("--cores", "The cores to prepare for, also more than there are here. Default: all that this process may use.", least: 1, most: CoreBudget.MostCores);
    private readonly Option<long?> _limit = CleaveCommand.Number<long>("--limit", "The most megabytes that the folder may hold.", least: 0, most: long.MaxValue >> 20);
    private readonly Option<string?> _published = CleaveCommand.PathOption("--published", "The folder of a published application: entries go into a folder 'prepared' beside each model there. What cannot be prepared is opened plainly, and no failure. dotnet publish -p:CleavePrepare=true does this.");
    private readonly Option<string?> _library = CleaveCommand.PathOption("--onnxruntime", "The native library to prepare for, instead of the one that comes with this command.");
    private readonly Option<string?> _dims = new("--plan-dims") { Description = "The value of Dims=\"…\" on this model's item in your .csproj, e.g. batch=1,sequence=128, so that the same plans are made as in the build. Leave it out if the item has none." };
    private readonly Option<string?> _outputs = new("--outputs") { Description = "The value of Outputs=\"…\" on this model's item in your .csproj, e.g. scores;boxes, so that the same plans are made as in the build. Leave it out if the item has none." };
    private readonly Option<string?> _plan = new("--plan") { Description = "The value of Plan=\"…\" on this model's item in your .csproj, Auto, Whole or Split, so that the same plans are made as in the build. Leave it out if the item has none." };
    private readonly Option<string?> _weights = new("--weights") { Description = "The value of Weights=\"…\" on this model's item in your .csproj, Auto, Map or Copy, so that the entries fit the runner. Leave it out if neither the item nor the code sets it." };
    private readonly Option<string?> _slicing = new("--slicing") { Description = "The value of Slicing=\"…\" on this model's item in your .csproj, true or false, so that the entries fit the runner. Leave it out if neither the item nor the code sets it." };
    private readonly Option<string?> _precision = new("--precision") { Description = "The value of Precision=\"…\" on this model's item in your .csproj, Auto, AsPublished or Widened, so that the entries fit the runner. Leave it out if neither the item nor the code sets it." };
    private readonly Option<bool> _list = new("--list") { Description = "Instead of preparing: list what the given folder holds." };
    private readonly Option<bool> _check = new("--check") { Description = "Instead of preparing: list what the given folder holds and compare every byte with what was written. Exit code 1 if an entry was changed, or if there is none." };
    private readonly Option<string?> _source = CleaveCommand.PathOption("--model", "With --check: the .onnx file; its bytes, too, are compared with those that its entries were made of. Exit code 1 also if none was made of it. With --prune: entries that were made of it with other weights, before another training, are deleted, too.");
    private readonly Option<bool> _prune = new("--prune") { Description = "Delete what no process will use: unfinished, failed and damaged entries, and those that say why nothing was prepared; with --model also those of earlier weights. What it must not trust or cannot read stays." };
    private readonly Option<bool> _group = new("--trust-group") { Description = "Folders and entries count that a group can write to, as with RunnerOptions.PreparedTrustGroup." };

    public static Command Create()
    {
        PrepareCommand prepare = new();
        Command command = new("prepare", "Has ONNX Runtime optimise a model and pack its weights once, for this processor and ONNX Runtime: runners open that in a part of the time.")
        {
            prepare._paths, prepare._folder, prepare._cores, prepare._limit, prepare._published, prepare._library, prepare._dims, prepare._outputs, prepare._plan, prepare._weights, prepare._slicing, prepare._precision, prepare._list, prepare._check, prepare._source, prepare._prune, prepare._group,
        };
        command.SetAction((arguments, cancellationToken) =>
        {
            bool makes = !prepare.Modes.Any(m => arguments.GetValue(m));
            return CommandGuard.RunAsync(arguments.GetRequiredValue(prepare._paths)[0], arguments.InvocationConfiguration.Error, makes ? "what was prepared is kept" : CommandGuard.NothingWritten,
                () => prepare.Run(arguments, cancellationToken), cancellationToken);
        });
        return command;
    }

    // Looking at a folder is one thing, making entries another.
    private Option<bool>[] Modes => [_list, _check, _prune];

    // What stands on the model's item.
    private Option[] Item => [_dims, _outputs, _plan, _weights, _slicing, _precision];

    private int Run(ParseResult arguments, CancellationToken cancellationToken)
    {
        RefuseOthers(arguments);
        InvocationConfiguration console = arguments.InvocationConfiguration;
        string[] given = arguments.GetRequiredValue(_paths);
        FolderTrust trust = new(arguments.GetValue(_group));
        if (arguments.GetValue(_prune))
            return Prune(given, trust, arguments.GetValue(_source), console.Output, cancellationToken);
        if (arguments.GetValue(_list))
            return List(given, trust, console.Output);
        if (arguments.GetValue(_check))
            return Check(given, trust, arguments.GetValue(_source), ItemOf(arguments), console.Output, cancellationToken);
        PrepareOptions options = new(arguments.GetValue(_cores), arguments.GetValue(_limit) * 1048576, trust);
        if (arguments.GetValue(_library) is { } native)
            ResolvedOnnxRuntime.Load(native);
        if (arguments.GetValue(_published) is { } application)
            return Prepare(ModelToPrepare.Published(given, application, name => console.Output.Write($"{Terminal.Safe(name)}: not published in {Terminal.Safe(application)}\n")), options, mustAll: false, console, cancellationToken);
        string target = arguments.GetValue(_folder) ?? throw new RefusedException("--output: name the folder to prepare into.");
        return Prepare(given.Select(path => new ModelToPrepare(path, path, target, ItemOf(arguments))), options, mustAll: true, console, cancellationToken);
    }

    // Whoever gives options of both may lose entries.
    private void RefuseOthers(ParseResult arguments)
    {
        Option<bool>? mode = Modes.FirstOrDefault(m => arguments.GetValue(m));
        if (mode != null)
            arguments.Refuse(mode, [.. Modes.Where(m => m != mode), _published, _folder, _cores, _limit, _library, .. mode == _check ? [] : Item]);
        if (mode != _check && mode != _prune)
            arguments.Refuse("without --check or --prune", _source);
        else if (mode == _check && arguments.GetValue(_source) is null)
            arguments.Refuse("without --model", Item);
        if (arguments.GetValue(_published) != null)
            arguments.Refuse(_published, [_folder, .. Item]);
    }

    private ListingOptions ItemOf(ParseResult arguments) => new()
    {
        Dims = arguments.GetValue(_dims) ?? "",
        Plan = arguments.GetValue(_plan) ?? "",
        Outputs = [.. EscapedList.Read(arguments.GetValue(_outputs) ?? "")],
        Weights = arguments.GetValue(_weights) ?? "",
        Slicing = arguments.GetValue(_slicing) ?? "",
        Settings = arguments.GetValue(_precision) is { } bits ? [new("Precision", bits)] : [],
    };

    private static int Prepare(IEnumerable<ModelToPrepare> models, PrepareOptions options, bool mustAll, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        string last = "";
        bool all = true;
        ModelToPrepare[] asked = [.. models];
        foreach (ModelToPrepare model in asked)
        {
            IReadOnlyList<PreparedSegment> segments;
            try
            {
                segments = PrepareRun.Make(model, options, Say, cancellationToken);
            }
            catch (Exception e) when (!mustAll && IsOfModel(e))
            {
                console.Output.Write(Terminal.Safe($"{model.Name}: not prepared: {CommandGuard.Words(e, model.Path)}") + "\n");
                continue;
            }
            PrepareText.Write(asked.Length > 1 || !mustAll ? model.Name + ", " : "", segments, console.Output);
            // Where there is nothing to prepare nothing is missing.
            all &= segments.All(static s => s.WhyNot is null or SegmentPreparer.NoWeights);
        }
        return all || !mustAll ? CleaveCommand.Success : CleaveCommand.Failure;

        // The same step may come for each of many weights.
        void Say(string step)
        {
            if (step != last)
                console.Error.Write(Terminal.Safe(step) + "\n");
            last = step;
        }
    }

    // Another model may go all the same; without ONNX Runtime none does.
    private static bool IsOfModel(Exception e) => e is CleaveException { Id: var id } ? id != Rules.NativeLibraryMissing.Id : e is ModelException or RefusedException;

    private static int List(string[] folders, FolderTrust trust, TextWriter output)
    {
        foreach (string folder in folders)
            Write(folder, [.. Housekeeping.List(folder, trust).Select(static e => (e, e.Problem))], output);
        return CleaveCommand.Success;
    }

    // Of a folder without entries nothing is shown to be in order, nor of a model without one.
    private static int Check(string[] folders, FolderTrust trust, string? source, ListingOptions item, TextWriter output, CancellationToken cancellationToken)
    {
        using OpenedForRunner? model = source is null ? null : new(source, item, null, new RunnerOptions(), cancellationToken);
        bool holds = true;
        foreach (string folder in folders)
        {
            IReadOnlyList<(ListedEntry Entry, string? Problem)> entries = PrepareRun.Check(folder, trust, model, cancellationToken);
            Write(folder, entries, output);
            holds &= entries.Count > 0 && entries.All(static e => e.Problem is null || e.Entry.Manifest?.NotPreparable is not null);
            if (model is null || entries.Count == 0 || entries.Any(e => PrepareRun.IsOf(e.Entry, model)))
                continue;
            output.Write(Terminal.Safe($"{folder}: no entry was made of {source}") + "\n");
            holds = false;
        }
        return holds ? CleaveCommand.Success : CleaveCommand.Failure;
    }

    private static void Write(string folder, IReadOnlyList<(ListedEntry Entry, string? Problem)> entries, TextWriter output)
    {
        PrepareText.Write(entries, output);
        if (entries.Count == 0)
            output.Write(Terminal.Safe(folder) + ": no entries\n");
    }

    private static int Prune(string[] folders, FolderTrust trust, string? source, TextWriter output, CancellationToken cancellationToken)
    {
        using OpenedForRunner? model = source is null ? null : new(source, new ListingOptions(), null, new RunnerOptions(), cancellationToken);
        Func<PreparedManifest, bool>? isOutdated = model is null ? null : manifest => PrepareRun.IsOutdated(manifest, model);
        foreach (string deleted in folders.SelectMany(f => Housekeeping.Prune(f, trust, isOutdated)))
            output.Write("deleted " + Terminal.Safe(deleted) + "\n");
        return CleaveCommand.Success;
    }
}
