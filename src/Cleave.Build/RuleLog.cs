using Cleave.Core.Diagnostics;
using Microsoft.Build.Utilities;

namespace Cleave.Build;

/// <summary>Writes what is wrong with the build into its log.</summary>
internal static class RuleLog
{
    public static void Report(this TaskLoggingHelper log, Rule rule, string file, int line, params string[] arguments)
    {
        string message = rule.Format(arguments);
        if (rule.Severity == Severity.Error)
            log.LogError(null, rule.Id, null, rule.HelpLink, file, line, 0, 0, 0, "{0}", message);
        else
            log.LogWarning(null, rule.Id, null, rule.HelpLink, file, line, 0, 0, 0, "{0}", message);
    }
}
