using System;
using System.Threading;

namespace Cleave;

/// <summary>Keeps requests out of what runners record (<see cref="RunnerOptions.Record"/>).</summary>
public static class InputRecording
{
    private static readonly AsyncLocal<Link?> Innermost = new();

    /// <summary>Whether requests of this flow of control are kept out.</summary>
    internal static bool IsOff => Innermost.Value != null;

    /// <summary>
    /// Until what it gives is disposed, no request of this flow of control (the thread, and the tasks that it awaits) is recorded. A task that is started meanwhile is kept out for as long
    /// as it runs.
    /// </summary>
    /// <remarks>Call it in the method that makes the requests: what an <c>async</c> method begins ends with it, and does not hold for its caller.</remarks>
    /// <example><c>using (InputRecording.Off()) await runner.RunAsync(input);</c></example>
    public static IDisposable Off()
    {
        Scope scope = new();
        Innermost.Value = new Link(scope, Innermost.Value);
        return scope;
    }

    // A count would be wrong for good after a scope that ends in another flow than it began in. Immutable: other flows have it, too.
    private sealed class Link(Scope scope, Link? outer)
    {
        public Link? Without(Scope ended)
        {
            if (scope == ended)
                return outer;
            Link? left = outer?.Without(ended);
            return left == outer ? this : new Link(scope, left);
        }
    }

    private sealed class Scope : IDisposable
    {
        // Wherever it stands: scopes may end in another order than they began.
        public void Dispose() => Innermost.Value = Innermost.Value?.Without(this);
    }
}
