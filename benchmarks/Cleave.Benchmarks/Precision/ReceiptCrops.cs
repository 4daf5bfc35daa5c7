using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using Cleave.TestKit;

namespace Cleave.Benchmarks.Precision;

/// <summary>The photograph of a receipt, shifted and scaled as models want it: inputs of the kind that an application would have.</summary>
internal sealed class ReceiptCrops
{
    private readonly byte[] _file = File.ReadAllBytes(SharedModels.PathOf("inputs/receipt_480x640.ppm"));
    private readonly int _start;
    private readonly int _width;
    private readonly int _height;

    public ReceiptCrops()
    {
        int at = 0;
        if (Token() != "P6")
            throw new InvalidDataException("The receipt is no binary PPM.");
        _width = int.Parse(Token(), CultureInfo.InvariantCulture);
        _height = int.Parse(Token(), CultureInfo.InvariantCulture);
        Token();
        _start = at;

        string Token()
        {
            StringBuilder token = new();
            while (!char.IsWhiteSpace((char)_file[at]))
                token.Append((char)_file[at++]);
            at++;
            return token.ToString();
        }
    }

    /// <summary>Writes arrays of NumPy, channels first; every second one is held out by the command, so that neighbours are apart.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="height">Of the model's input.</param>
    /// <param name="width">Of the model's input.</param>
    /// <param name="count">How many.</param>
    /// <param name="mean">What is taken off.</param>
    /// <param name="divisor">What the rest is divided by.</param>
    public IReadOnlyList<float[]> Write(string folder, int height, int width, int count, float mean, float divisor)
    {
        Directory.CreateDirectory(folder);
        List<float[]> crops = [];
        for (int i = 0; i < count; i++)
        {
            // From the whole down to three quarters of it, in four corners.
            double scale = 1 - (0.25 * i / Math.Max(1, count - 1));
            int left = (int)((_width - (_width * scale)) * (i % 2)), top = (int)((_height - (_height * scale)) * (i / 2 % 2));
            float[] planes = new float[3 * height * width];
            for (int c = 0; c < 3; c++)
            {
                for (int y = 0; y < height; y++)
                {
                    for (int x = 0; x < width; x++)
                    {
                        int pixel = ((top + (int)(y * _height * scale / height)) * _width) + left + (int)(x * _width * scale / width);
                        planes[(((c * height) + y) * width) + x] = (_file[_start + (3 * pixel) + c] - mean) / divisor;
                    }
                }
            }
            File.WriteAllBytes(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{i:00}.npy")), NumpyArray.Of([1, 3, height, width], planes));
            crops.Add(planes);
        }
        return crops;
    }
}
