using System;
using Cleave.Tool.Commands;

return await CleaveCommand.InvokeAsync(args, Console.Out, Console.Error);
