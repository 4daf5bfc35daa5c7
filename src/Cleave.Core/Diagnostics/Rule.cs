using System;
using System.Globalization;

namespace Cleave.Core.Diagnostics;

internal enum Severity
{
    Info,
    Warning,
    Error,
}

/// <summary>One thing that can be wrong: its id, and a message that says what, where and what to do. Argument 0 is the model's path; of an ensemble, or of what happens on a device, the name.</summary>
internal sealed record Rule(string Id, Severity Severity, string Title, string Message)
{
    /// <summary>Where the pages of <c>docs/diagnostics</c> are published; every help link is made from it.</summary>
    public static string HelpRoot => "https://github.com/cleave-net/cleave/blob/main/docs/diagnostics/";

    /// <summary>Whether a model that breaks the rule still has a class, so that the code around it is compiled, and a lower severity means something.</summary>
    public bool KeepsClass { get; init; }

    public string HelpLink => HelpLinkOf(Id);

    public static string HelpLinkOf(string id) => HelpRoot + id + ".md";

    /// <summary>Arguments of the message without the model's path.</summary>
    public int Arguments
    {
        get
        {
            int count = 0;
            while (Message.Contains("{" + (count + 1).ToString(CultureInfo.InvariantCulture) + "}"))
                count++;
            return count;
        }
    }

    public string Format(params string[] arguments) =>
        string.Format(CultureInfo.InvariantCulture, Message, (object[])arguments);
}

/// <summary>A rule that was broken, with the arguments of its message (the model's path left out: whoever reports knows it).</summary>
internal sealed record Problem(Rule Rule, params string[] Arguments)
{
    private const int LongestArgument = 1000;

    // Names in a hostile model may be as long as they like; messages are not.
    public string[] Arguments { get; } = Array.ConvertAll(Arguments, static argument =>
        argument.Length <= LongestArgument ? argument : argument.Substring(0, char.IsHighSurrogate(argument[LongestArgument - 1]) ? LongestArgument - 1 : LongestArgument) + "…");

    /// <summary>The message for the model at <paramref name="path"/>.</summary>
    public string Message(string path)
    {
        string[] all = new string[Arguments.Length + 1];
        all[0] = path;
        Array.Copy(Arguments, 0, all, 1, Arguments.Length);
        return Rule.Format(all);
    }
}

/// <summary>A model that cannot be used, and why.</summary>
internal sealed class ModelException(Problem problem, Exception? inner = null)
    : Exception(OneLine.Of(problem.Message("the model")), inner)
{
    public ModelException(Rule rule, params string[] arguments)
        : this(new Problem(rule, arguments))
    {
    }

    public Problem Problem { get; } = problem;

    /// <summary>The file, where it is known. No part of the problem, which may be kept where no path of this machine belongs.</summary>
    public string? Path { get; set; }
}
