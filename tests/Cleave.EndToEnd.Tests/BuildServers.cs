using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Cleave.EndToEnd.Tests;

/// <summary>
/// The suite's own servers: MSBuild's, one for each command that runs at once, and the compiler's. A command that finds its code compiled and its
/// assemblies loaded takes half the time. They end with the suite; those of the user and of other suites are left alone.
/// </summary>
/// <param name="temporary">The folder for what they and their commands leave behind in the system's.</param>
internal sealed class BuildServers(string temporary)
{
    // Servers and clients find each other by this variable.
    private const string Salt = "MSBUILDNODEHANDSHAKESALT";

    private readonly string _name = "cleave-e2e-" + Guid.NewGuid().ToString("N");
    private readonly ConcurrentBag<string> _free = [];
    private int _made;

    /// <summary>Runs dotnet, or a shell whose commands run it, in a folder.</summary>
    public CommandResult Run(string folder, string program, params string[] arguments)
    {
        string salt = _free.TryTake(out string? free) ? free : _name + "-" + System.Threading.Interlocked.Increment(ref _made);
        try
        {
            return DotNet.Run(folder, program, arguments, Environment(salt));
        }
        finally
        {
            _free.Add(salt);
        }
    }

    /// <summary>Ends them. Nothing runs any more.</summary>
    public void Shutdown(string folder)
    {
        foreach (string salt in _free)
            DotNet.Run(folder, DotNet.Host, ["build-server", "shutdown", "--msbuild"], Environment(salt));
        string compilers = Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", "..", "sdk");
        string? server = Directory.Exists(compilers)
            ? Directory.GetFiles(compilers, "VBCSCompiler.dll", SearchOption.AllDirectories).Order(StringComparer.Ordinal).LastOrDefault()
            : null;
        if (server != null)
            DotNet.Run(folder, DotNet.Host, "exec", server, "-shutdown", "-pipename:" + _name);
    }

    private Dictionary<string, string> Environment(string salt) => new(StringComparer.Ordinal)
    {
        ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "1",
        ["MSBUILDDISABLENODEREUSE"] = "0",
        [Salt] = salt,
        ["TMPDIR"] = temporary,
        // MSBuild takes these for its properties.
        ["UseSharedCompilation"] = "true",
        ["SharedCompilationId"] = _name,
    };
}
