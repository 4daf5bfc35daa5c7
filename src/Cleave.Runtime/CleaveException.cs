using System;
using Cleave.Core.Diagnostics;

namespace Cleave;

/// <summary>
/// Something is wrong with a model or its run. <see cref="Exception.Message"/> says what, where and what to do,
/// <see cref="Exception.HelpLink"/> leads to a page about it.
/// </summary>
public class CleaveException : Exception
{
    internal CleaveException(Rule rule, Exception? inner, params string[] arguments)
        : base(rule.Format(arguments), inner)
    {
        Id = rule.Id;
        HelpLink = rule.HelpLink;
    }

    internal CleaveException(ModelException cause, string path)
        : base(cause.Problem.Message(path), cause)
    {
        Id = cause.Problem.Rule.Id;
        HelpLink = cause.Problem.Rule.HelpLink;
    }

    /// <summary>The id of what is wrong, for example <c>CLV4001</c>.</summary>
    public string Id { get; }
}
