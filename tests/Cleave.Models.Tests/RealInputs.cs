using System;
using System.Buffers.Binary;
using System.IO;
using System.Text;
using Cleave.TestKit;

namespace Cleave.Models.Tests;

/// <summary>The given photograph and recording, in the form the models want them.</summary>
internal static class RealInputs
{
    /// <summary>The receipt, scaled to a size by nearest neighbour, channels first, (value - mean) / divisor.</summary>
    public static float[] Photo(int height, int width, float mean, float divisor)
    {
        byte[] file = File.ReadAllBytes(SharedModels.PathOf("inputs/receipt_480x640.ppm"));
        int at = 0;
        if (Token() != "P6")
            throw new InvalidDataException("not a binary PPM");
        int sourceWidth = int.Parse(Token()), sourceHeight = int.Parse(Token());
        Token();
        float[] planes = new float[3 * height * width];
        for (int c = 0; c < 3; c++)
        {
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++)
                {
                    int pixel = (y * sourceHeight / height * sourceWidth) + (x * sourceWidth / width);
                    planes[((c * height) + y) * width + x] = (file[at + (3 * pixel) + c] - mean) / divisor;
                }
            }
        }
        return planes;

        string Token()
        {
            StringBuilder token = new();
            while (!char.IsWhiteSpace((char)file[at]))
                token.Append((char)file[at++]);
            at++;
            return token.ToString();
        }
    }

    /// <summary>20 s of speech, 16 kHz, mono, -1 to 1.</summary>
    public static float[] Speech()
    {
        byte[] file = File.ReadAllBytes(SharedModels.PathOf("inputs/speech_16k.wav"));
        int data = file.AsSpan().IndexOf("data"u8) + 8;
        float[] samples = new float[(file.Length - data) / 2];
        for (int i = 0; i < samples.Length; i++)
            samples[i] = BinaryPrimitives.ReadInt16LittleEndian(file.AsSpan(data + (2 * i))) / 32768f;
        return samples;
    }
}
