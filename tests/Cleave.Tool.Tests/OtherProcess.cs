using System;
using System.Threading.Tasks;
using Cleave.Tool.Tests.Quantizing;
using Cleave.Tool.Tests.Validation;
using Cleave.Tool.Validation;

namespace Cleave.Tool.Tests;

/// <summary>The entry point of this assembly, for tests that start it as another process.</summary>
internal static class OtherProcess
{
    public static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case [ValidationProcess.Verb, string model, ..]:
                DyingWorker.Run(model);
                return 0;
            case [Avx2Errors.Verb, string calls]:
                await Avx2Errors.ServeAsync(calls, Console.Out);
                return 0;
            default:
                return 0;
        }
    }
}
