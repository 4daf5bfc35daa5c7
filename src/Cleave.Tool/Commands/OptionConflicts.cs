using System.CommandLine;
using System.Linq;

namespace Cleave.Tool.Commands;

/// <summary>Options that would be ignored beside another one: a user who gives them expects something else.</summary>
internal static class OptionConflicts
{
    /// <param name="arguments">What was given.</param>
    /// <param name="with">The option beside which the others mean nothing.</param>
    /// <param name="others">The others.</param>
    /// <exception cref="OptionException">One of them was given.</exception>
    public static void Refuse(this ParseResult arguments, Option with, params Option[] others) => Refuse(arguments, "with " + with.Name, others);

    /// <param name="arguments">What was given.</param>
    /// <param name="where">When the options mean nothing.</param>
    /// <param name="others">The options.</param>
    /// <exception cref="OptionException">One of them was given.</exception>
    public static void Refuse(this ParseResult arguments, string where, params Option[] others)
    {
        if (others.FirstOrDefault(o => arguments.GetResult(o) is { Implicit: false }) is { } other)
            throw new OptionException($"{other.Name} has no meaning {where}.");
    }
}

/// <summary>Options that do not go together.</summary>
internal sealed class OptionException(string message) : CommandException(message);
