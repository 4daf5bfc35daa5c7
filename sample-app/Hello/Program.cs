using Hello;

// Four pixels, one plane for each colour: red, green, blue, white.
float[] rgb = [1, 0, 0, 1, /**/ 0, 1, 0, 1, /**/ 0, 0, 1, 1];

await using var luma = new LumaRunner();
using LumaOutput brightness = await luma.RunAsync(new LumaInput(height: 1, width: 4) { Rgb = rgb });

Console.WriteLine(string.Join("  ", brightness.Luma.ToArray().Select(b => $"{b:0.0000}")));
