using System;
using System.Globalization;
using Cleave.Tool.Benching;
using Cleave.Tool.Commands;
using Cleave.Tool.Measuring;
using Cleave.Tool.Validation;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

// Started by this program itself: one model of cleave validate.
if (args is [ValidationProcess.Verb, string model, string onnxRuntime])
    return ValidationProcess.Serve(model, onnxRuntime, Console.In, Console.Out);

// Started by this program itself: one candidate of a measurement, which runs when it is told to.
if (args is [WorkerHost.VerbOn, string library, .. string[] worker])
{
    ResolvedOnnxRuntime.Use(library);
    args = [WorkerHost.Verb, .. worker];
}
return args is [WorkerHost.Verb, string workload, .. string[] arguments]
    ? Worker.Serve(() => BenchWorkloads.Create(workload, arguments), Console.In, Console.Out)
    : await CleaveCommand.InvokeAsync(args, Console.Out, Console.Error);
