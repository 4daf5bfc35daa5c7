using System;
using System.Globalization;
using Cleave.Prepared;
using Cleave.Recording;
using Cleave.Tool.Benching;
using Cleave.Tool.Commands;
using Cleave.Tool.Measuring;
using Cleave.Tool.Validation;
using Cleave.Tuning;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

// What an application is told with these is not meant for the runners that are opened here: they would record made-up inputs as an
// application's, and tune themselves while they are measured. Only what a plan shows depends on what is prepared.
bool isPlan = args is ["plan", ..] || (args is [['@', ..], ..] && CleaveCommand.NameIn(args) == "plan");
string[] forApplications = isPlan ? [InputRecorder.Variable, TuningStore.FolderVariable] : [InputRecorder.Variable, TuningStore.FolderVariable, PreparedFolders.Variable];
foreach (string variable in forApplications)
    Environment.SetEnvironmentVariable(variable, null);

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
