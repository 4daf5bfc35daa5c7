using System;
using System.Globalization;
using System.Text;

namespace Cleave.Build;

/// <summary>Text as MSBuild reads it from a task: item specs and metadata that a task sets are escaped.</summary>
internal static class TaskItemText
{
    private static readonly char[] Special = ['%', '*', '?', '@', '$', '(', ')', ';', '\''];

    public static string Escape(string text)
    {
        if (text.IndexOfAny(Special) < 0)
            return text;
        StringBuilder escaped = new();
        foreach (char c in text)
        {
            if (Array.IndexOf(Special, c) >= 0)
                escaped.Append('%').Append(((int)c).ToString("x2", CultureInfo.InvariantCulture));
            else
                escaped.Append(c);
        }
        return escaped.ToString();
    }
}
