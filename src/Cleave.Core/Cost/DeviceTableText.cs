using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Cleave.Core.Cost;

/// <summary>
/// Reads and writes device tables: a line for each point, <c>kernel size size … = ns ns …</c>, one number for each thread count and
/// <c>-</c> where there is none; the order is the kernels' and the sizes', so that two tables can be compared.
/// </summary>
internal static class DeviceTableText
{
    public const string FirstLine = "cleave-device 1";

    // What any prediction may ask for, but for these: without them nothing is added.
    private static readonly string[] Optional = ["node", "crowd", "weights"];

    // No convolution is in the blocked layout where there is none.
    private static readonly string[] Blocked = ["conv1", "conv", "conv-first", "conv-depthwise", "pool", "reorder-in", "reorder-out"];

    // Of kernels that are missing, so many are named.
    private const int MostNamed = 3;

    // Far beyond any instruction set's.
    private const int MostChannels = 256;

    /// <summary>Whether a kernel is only there where channels lie in blocks.</summary>
    public static bool NeedsBlocks(string kernel) => Blocked.Contains(kernel);

    /// <exception cref="FormatException">It is no device table; the message says which line is wrong.</exception>
    public static DeviceTable Read(TextReader text)
    {
        Dictionary<string, (string Value, int Line)> head = new(StringComparer.Ordinal);
        List<DevicePoint> points = [];
        int number = 0;
        int[] threads = [];
        for (string? line = text.ReadLine(); line != null; line = text.ReadLine())
        {
            number++;
            string[] words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (number == 1 && string.Join(" ", words) != FirstLine)
                throw Wrong(1, "the first line must be \"" + FirstLine + "\"");
            if (number == 1 || words.Length == 0 || words[0][0] == '#')
                continue;
            int equals = Array.IndexOf(words, "=");
            if (equals > 0)
            {
                points.Add(Point(words, equals, threads, number));
            }
            else if (words[0] == "threads")
            {
                threads = Array.ConvertAll(Numbers(words, 1, words.Length, number), n => (int)n);
                if (threads.Length == 0 || threads[0] != 1 || threads.Skip(1).Zip(threads, (next, one) => next <= one).Any(falls => falls))
                    throw Wrong(number, "thread counts start with 1, and each is larger than the one before");
            }
            else
            {
                head[words[0]] = words.Length > 1 ? (string.Join(" ", words.Skip(1)), number) : throw Wrong(number, "a word and its value, or sizes = times");
            }
        }
        if (points.Count == 0)
            throw Wrong(number, "it holds no points");
        return new DeviceTable
        {
            Name = Head("name").Value,
            Block = Block(Head("block")),
            Calls = Calls(Head("call"), threads),
            HandOff = Number(Head("hand-off").Value, Head("hand-off").Line),
            Threads = threads,
            Points = points,
        };

        (string Value, int Line) Head(string key) =>
            head.TryGetValue(key, out (string, int) found) ? found : throw Wrong(number, "no line \"" + key + "\"");
    }

    /// <summary>Reads a table that predictions are made by.</summary>
    /// <exception cref="FormatException">It is no device table, or it lacks kernels; the message says which line is wrong, or what is missing.</exception>
    public static DeviceTable ReadComplete(TextReader text)
    {
        DeviceTable table = Read(text);
        HashSet<string> known = new(table.Points.Select(static p => p.Kernel), StringComparer.Ordinal);
        string[] missing = [.. Kernel.All.Select(static k => k.Name).Where(k => !known.Contains(k) && !Optional.Contains(k) && (table.Block > 1 || !Blocked.Contains(k)))];
        if (missing.Length == 0)
            return table;
        int more = missing.Length - MostNamed;
        throw new FormatException("it holds no points of " + string.Join(", ", missing.Take(MostNamed))
            + (more > 0 ? " and " + more.ToString(CultureInfo.InvariantCulture) + " more" : ""));
    }

    public static void Write(DeviceTable table, TextWriter text)
    {
        Line(FirstLine);
        Line("name " + table.Name);
        Line("block " + Text(table.Block));
        Line("call " + string.Join(" ", table.Calls.Select(Text)));
        Line("hand-off " + Text(table.HandOff));
        Line("threads " + string.Join(" ", table.Threads.Select(t => Text(t))));
        Dictionary<string, DevicePoint[]> byKernel = table.ByKernel();
        foreach (Kernel kernel in Kernel.All)
        {
            if (!byKernel.TryGetValue(kernel.Name, out DevicePoint[]? points))
                continue;
            Line("# " + kernel.Name + ": " + string.Join(" ", kernel.Sizes));
            Array.Sort(points, static (a, b) => Compare(a.Sizes, b.Sizes));
            foreach (DevicePoint point in points)
            {
                Line(point.Kernel + " " + string.Join(" ", point.Sizes.Select(Text)) + " = "
                    + string.Join(" ", point.Nanoseconds.Select(ns => ns > 0 ? Text(ns) : "-")));
            }
        }

        void Line(string line) => text.Write(line + "\n");
    }

    private static int Block((string Value, int Line) head) =>
        int.TryParse(head.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int channels) && channels is >= 1 and <= MostChannels
            ? channels
            : throw Wrong(head.Line, "\"block\" is the channels of a block, 1 where there is no such layout");

    // One number holds for all thread counts.
    private static double[] Calls((string Value, int Line) head, int[] threads)
    {
        (string value, int line) = head;
        string[] words = value.Split(' ');
        double[] calls = Numbers(words, 0, words.Length, line);
        if ((calls.Length != 1 && calls.Length != threads.Length) || !Array.TrueForAll(calls, c => c > 0))
            throw Wrong(line, "\"call\" has one number, or one for each thread count");
        return calls.Length == 1 ? Array.ConvertAll(threads, _ => calls[0]) : calls;
    }

    private static DevicePoint Point(string[] words, int equals, int[] threads, int line)
    {
        if (Kernel.Find(words[0]) is not { } kernel)
            throw Wrong(line, "there is no kernel \"" + words[0] + "\"");
        double[] sizes = Numbers(words, 1, equals, line);
        if (sizes.Length != kernel.Sizes.Length || !Array.TrueForAll(sizes, s => s >= 1))
            throw Wrong(line, kernel.Name + " has the sizes " + string.Join(", ", kernel.Sizes) + ", none below 1");
        double[] times = Numbers(words, equals + 1, words.Length, line);
        if (times.Length != threads.Length || times[0] <= 0)
            throw Wrong(line, "there must be a time for each thread count, one for 1 thread at least");
        return new DevicePoint(kernel.Name, sizes, times);
    }

    // 0 where one was not measured.
    private static double[] Numbers(string[] words, int from, int to, int line)
    {
        double[] numbers = new double[to - from];
        for (int i = from; i < to; i++)
            numbers[i - from] = words[i] == "-" ? 0 : Number(words[i], line);
        return numbers;
    }

    private static double Number(string word, int line) =>
        double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number > 0 && number < 1e15
            ? number
            : throw Wrong(line, "\"" + word + "\" is no positive number");

    // Four digits are more than any measurement is worth.
    private static string Text(double number) =>
        Math.Abs(number) >= 1000 || number == Math.Round(number)
            ? Math.Round(number).ToString("F0", CultureInfo.InvariantCulture)
            : number.ToString("G4", CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int Compare(double[] a, double[] b)
    {
        for (int i = 0; i < a.Length && i < b.Length; i++)
        {
            if (a[i] != b[i])
                return a[i].CompareTo(b[i]);
        }
        return a.Length - b.Length;
    }

    private static FormatException Wrong(int line, string what) =>
        new("line " + line.ToString(CultureInfo.InvariantCulture) + ": " + what);
}
