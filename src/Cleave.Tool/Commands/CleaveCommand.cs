using System;
using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Numerics;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Clustering;

namespace Cleave.Tool.Commands;

/// <summary>The command line: <c>cleave inspect</c>, <c>plan</c>, <c>bench</c>, <c>tune</c>, <c>prepare</c>, <c>verify</c>, <c>fix</c>, <c>quantize</c>, <c>extract</c>, <c>listing</c>, <c>contract</c>, <c>golden</c>, <c>validate</c>, <c>calibrate</c>.</summary>
internal static class CleaveCommand
{
    public const int Success = 0;
    public const int Failure = 1;

    /// <summary>In seconds, of what is given up: eleven days.</summary>
    public const int LongestLimit = 1_000_000;

    public static async Task<int> InvokeAsync(string[] arguments, TextWriter output, TextWriter error, CancellationToken cancellationToken = default)
    {
        ParseResult parsed = Root().Parse(arguments);
        int code = await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = CommandGuard.EndLimit }, cancellationToken).ConfigureAwait(false);
        // Builds take 1 for a model that did not pass, and say nothing themselves then.
        return parsed.Action is ParseErrorAction && parsed.CommandResult.Command.Name == ValidateCommand.Name ? ValidateCommand.NotDone : code;
    }

    /// <summary>The command that is asked for, also where the arguments lie in files.</summary>
    public static string NameIn(string[] arguments) => Root().Parse(arguments).CommandResult.Command.Name;

    private static RootCommand Root() =>
        new("Inspects, plans, measures, checks and rewrites ONNX models; writes what Cleave's runners use. Start with: cleave inspect model.onnx. Pages named docs/… are at https://github.com/cleave-net/cleave.")
        {
            InspectCommand.Create(),
            PlanCommand.Create(),
            BenchCommand.Create(),
            TuneCommand.Create(),
            PrepareCommand.Create(),
            VerifyCommand.Create(),
            FixCommand.Create(),
            QuantizeCommand.Create(),
            ExtractCommand.Create(),
            ListingCommand.Create(),
            ContractCommand.Create(),
            GoldenCommand.Create(),
            ValidateCommand.Create(),
            CalibrateCommand.Create(),
        };

    /// <summary>An option that takes a whole number, and says so where it is given something else.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">What it is for.</param>
    /// <param name="least">The least; null: that of the type.</param>
    /// <param name="most">The most; null: that of the type.</param>
    public static Option<T?> Number<T>(string name, string description, T? least = null, T? most = null)
        where T : struct, IBinaryInteger<T> => new(name)
        {
            Description = description,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T number) && !(number < least) && !(number > most))
                    return number;
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} {text}: give a whole number{(least is null ? "" : most is null ? $" from {least} on" : $" from {least} to {most}")}."));
                return null;
            },
        };

    /// <summary>An option that takes a number with a point, and says so where it is given something else.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">What it is for.</param>
    /// <param name="least">The least; null: any.</param>
    public static Option<double?> Decimal(string name, string description, double? least = null) => new(name)
    {
        Description = description,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) && !(number < least))
                return number;
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} {text}: give a number{(least is null ? "" : $" from {least} on")}, as in 0.05."));
            return null;
        },
    };

    /// <summary>As <c>Plan</c> in a project.</summary>
    public static Option<PlanMode?> PlanOption(string description) => new("--plan")
    {
        Description = description,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (Enum.TryParse(text, ignoreCase: true, out PlanMode mode) && Enum.IsDefined(mode))
                return mode;
            result.AddError($"--plan {text}: give auto, whole or split.");
            return null;
        },
    };

    /// <summary>The argument that every command takes.</summary>
    public static Argument<string> ModelArgument()
    {
        Argument<string> model = new("model") { Description = "The .onnx file." };
        model.Validators.Add(RefuseNothing);
        return model;
    }

    /// <summary>The argument of commands that take a model, or the members of an ensemble.</summary>
    public static Argument<string[]> ModelsArgument()
    {
        Argument<string[]> models = new("model") { Description = "The .onnx file; with --ensemble all members, in the order of the project's item.", Arity = ArgumentArity.OneOrMore };
        models.Validators.Add(RefuseNothing);
        return models;
    }

    /// <summary>An option that names a file or a folder.</summary>
    public static Option<string?> PathOption(string name, string description, params string[] aliases)
    {
        Option<string?> option = new(name, aliases) { Description = description };
        option.Validators.Add(RefuseNothing);
        return option;
    }

    /// <summary>An option that names files or folders.</summary>
    public static Option<string[]> PathsOption(string name, string description)
    {
        Option<string[]> option = new(name) { Description = description };
        option.Validators.Add(RefuseNothing);
        return option;
    }

    /// <summary>The name of an ensemble.</summary>
    public static Option<string?> EnsembleOption(string description) => new("--ensemble") { Description = description };

    /// <summary><c>cuda:0,cuda:1,cpu</c>; nothing: none.</summary>
    public static string[] List(string? text) => (text ?? "").Split([',', ';'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Where what was measured of an ensemble lies.</summary>
    public static Option<string?> ProjectOption() => PathOption("--project", "With --ensemble: the folder of the project. Default: this one.");

    /// <summary>What a model's item says it gives.</summary>
    public static Option<string[]> OutputsOption(string of) => new("--outputs") { Description = $"Values to ask for instead of {of} outputs, as the item metadata Outputs: \"a;b\". With --ensemble once for all members, or once for each in their order." };

    /// <summary>A model without a name: a variable of a script that is not set.</summary>
    public static void RefuseNothing(ArgumentResult given)
    {
        if (given.Tokens.Any(t => t.Value.Length == 0))
            given.AddError("The model's name is empty: give the .onnx file.");
    }

    // The same of an option.
    private static void RefuseNothing(OptionResult given)
    {
        if (given.Tokens.Any(t => t.Value.Length == 0))
            given.AddError($"{given.IdentifierToken?.Value ?? given.Option.Name}: it is empty. Give a value, or leave the option out.");
    }

    /// <summary>The one model of a command that was not given an ensemble.</summary>
    /// <exception cref="RefusedException">There are several.</exception>
    public static string One(string[] models) => models is [var model]
        ? model
        : throw new RefusedException("There are several models: give one, or --ensemble NAME, which they are the members of.");
}
