using System;
using System.Globalization;
using Cleave.Tool.Benching;
using Cleave.Tool.Commands;
using Cleave.Tool.Measuring;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

// Started by this program itself: one candidate of cleave bench, which runs when it is told to.
return args is ["worker", string workload, .. string[] arguments]
    ? Worker.Serve(() => BenchWorkloads.Create(workload, arguments), Console.In, Console.Out)
    : await CleaveCommand.InvokeAsync(args, Console.Out, Console.Error);
