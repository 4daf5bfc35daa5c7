using System;
using System.Collections.Generic;

namespace Cleave.Sessions;

/// <summary>Opens several things that are needed together.</summary>
internal static class AllOrNone
{
    /// <summary>Opens each in turn. Where one cannot be opened, those before it are disposed of.</summary>
    public static T[] Open<TFrom, T>(IEnumerable<TFrom> from, Func<TFrom, T> open)
        where T : IDisposable => Open(from, open, static opened => opened.Dispose());

    /// <summary>The same of what is disposed of otherwise.</summary>
    public static T[] Open<TFrom, T>(IEnumerable<TFrom> from, Func<TFrom, T> open, Action<T> dispose)
    {
        List<T> opened = [];
        try
        {
            foreach (TFrom one in from)
                opened.Add(open(one));
            return [.. opened];
        }
        catch
        {
            opened.ForEach(dispose);
            throw;
        }
    }
}
