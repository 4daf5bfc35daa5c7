using System;
using Cleave.Core.Diagnostics;

namespace Cleave;

/// <summary>
/// Something is wrong with a model or its run. <see cref="Exception.Message"/> begins with the id and says what, where and what to do,
/// <see cref="Exception.HelpLink"/> leads to a page about it, and <see cref="ToString"/> has both.
/// </summary>
public class CleaveException : Exception
{
    /// <summary>As a runner would throw it, for tests of the code around a runner.</summary>
    /// <param name="id">The id, for example <c>CLV4012</c>.</param>
    /// <param name="message">What is wrong.</param>
    /// <param name="inner">The cause; null: none.</param>
    /// <exception cref="ArgumentException"><paramref name="id"/> is empty.</exception>
    public CleaveException(string id, string message, Exception? inner = null)
        : base(id + ": " + message, inner)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        Id = id;
        HelpLink = Rule.HelpLinkOf(id);
    }

    internal CleaveException(Rule rule, Exception? inner, params string[] arguments)
        : this(rule.Id, rule.Format(Array.ConvertAll(arguments, OneLine.Of)), inner)
    {
    }

    internal CleaveException(ModelException cause, string path)
        : this(cause.Problem.Rule.Id, OneLine.Of(cause.Problem.Message(path)), cause)
    {
    }

    /// <summary>The id of what is wrong, for example <c>CLV4001</c>.</summary>
    public string Id { get; }

    /// <summary>Whether the application's own way of configuring sessions failed: no other plan or entry would do better, and none is to be blamed.</summary>
    internal bool IsOfConfiguration { get; init; }

    /// <summary>What happened and where, and the page about it.</summary>
    public override string ToString() => base.ToString() + Environment.NewLine + "See " + HelpLink;
}
