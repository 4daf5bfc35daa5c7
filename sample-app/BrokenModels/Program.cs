using BrokenModels;

using ScaleRunner runner = new();
using ScaleOutput output = runner.Run(new ScaleInput { X = new float[] { 1, 1, 1, 1 } });
Console.WriteLine(string.Join(" ", output.Y.ToArray()));
