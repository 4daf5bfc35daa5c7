using System;
using Cleave.Generated;
using Cleave.Runtime.Tests.Prepared;
using Cleave.Runtime.Tests.Support;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>ONNX Runtime has one environment for the whole process, so each of these has a process of its own.</summary>
public sealed class OwnEnvironmentTests
{
    [Fact]
    public void Runners_work_in_an_environment_that_the_application_made()
    {
        OtherProcessResult result = OtherProcess.Run(null, EnvironmentProcess.Argument, EnvironmentProcess.First);
        Assert.Equal((0, "result 2\nlevel ORT_LOGGING_LEVEL_FATAL\n", ""), (result.ExitCode, result.Output, result.Errors));
    }

    [Fact]
    public void After_the_first_runner_ONNX_Runtime_refuses_another_one()
    {
        OtherProcessResult result = OtherProcess.Run(null, EnvironmentProcess.Argument, "after");
        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith("result 2\nrefused ", result.Output, StringComparison.Ordinal);
    }
}

/// <summary>An application that makes ONNX Runtime's environment by options of its own, before it opens a runner or after that.</summary>
internal static class EnvironmentProcess
{
    public const string Argument = "environment";
    public const string First = "first";

    public static int Run(bool isFirst)
    {
        if (isFirst)
            Create();
        using LooseRunner runner = LooseRunner.Of(Models.Times(2));
        using LooseOutput output = runner.Run((ref InputBinder b) => b.Copy<float>(0, new float[] { 1, 1, 1, 1 }));
        Console.WriteLine("result " + output.Get<float>(0)[0]);
        try
        {
            if (!isFirst)
                Create();
            Console.WriteLine("level " + OrtEnv.Instance().EnvLogLevel);
        }
        catch (OnnxRuntimeException e)
        {
            Console.WriteLine("refused " + e.Message);
        }
        return 0;
    }

    private static void Create()
    {
        EnvironmentCreationOptions options = new() { logId = "mine", logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        OrtEnv.CreateInstanceWithOptions(ref options);
    }
}
