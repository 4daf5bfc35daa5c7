using System;
using System.Threading.Tasks;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Release.Tests;

/// <summary>The command contains ONNX Runtime: what is released is the official one.</summary>
public sealed class ToolReleaseTests
{
    [Fact]
    public async Task The_assembled_ONNX_Runtime_is_not_released()
    {
        CommandLine dotnet = new(SharedModels.Repository);
        string assembled = Repository.LowestOnnxRuntime + "-assembled";

        CommandResult result = await dotnet.RunAsync("dotnet", "msbuild", "src/Cleave.Tool", "-t:CleaveDependOnOfficialOnnxRuntime", "-nologo", "-p:CleaveRelease=true", "-p:OnnxRuntimeVersion=" + assembled);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("contains ONNX Runtime, so that a release of it takes the official version, not " + assembled, result.Output, StringComparison.Ordinal);
    }
}
