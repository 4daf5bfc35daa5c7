using System;
using System.IO;
using System.Linq;
using Cleave.TestKit;
using Xunit;

namespace Cleave.EndToEnd.Tests;

/// <summary>sample-app/PageReader as its README has it: built from the packages, and run on images of which some are bad.</summary>
[Collection(Applications.Name)]
public sealed class PageReaderTests(PackedPackagesInUse inUse)
{
    private const string Escape = "\u001b";

    private readonly PackedPackages _packages = inUse.Packages;

    private static readonly string Source = Path.Combine(SharedModels.Repository, "sample-app");

    [Fact]
    public void It_reads_what_can_be_read_and_says_in_one_line_what_not()
    {
        string folder = Build();
        // The sizes that plans are made for reach the ensemble's members.
        string[] listings = Directory.GetFiles(Path.Combine(folder, "obj"), "models.*.graph", SearchOption.AllDirectories);
        Assert.Equal(4, listings.Length);
        Assert.All(listings, l => Assert.Contains("dims \"batch=1,width=256\"", File.ReadAllText(l)));

        string receipt = Path.Combine(Source, "PageReader", "samples", "receipt.png");
        string label = Path.Combine(Source, "PageReader", "samples", "label.png");
        string second = Path.Combine(folder, "other", "receipt.png");
        string odd = Path.Combine(folder, "other", OperatingSystem.IsWindows() ? "odd.png" : "odd" + Escape + "[31m.png");
        string bad = Path.Combine(folder, "bad.png");
        string pictures = Path.Combine(folder, new string('p', 90));
        Directory.CreateDirectory(Path.Combine(folder, "other"));
        File.Copy(receipt, second);
        File.Copy(receipt, odd);
        File.WriteAllText(bad, "<!DOCTYPE html>");
        // Nobody can write a file there.
        Directory.CreateDirectory(Path.Combine(pictures, "label.read.png"));

        CommandResult run = Run(folder, "--image", bad, "--image", label, "--image", receipt, "--image", second, "--image", odd, "--out", pictures, "--time");

        Assert.Equal(1, run.ExitCode);
        string[] errors = [.. run.Lines.Where(l => l.StartsWith("PageReader: ", StringComparison.Ordinal))];
        Assert.Equal(2, errors.Length);
        Assert.Equal($"PageReader: {bad}: not a PNG, PPM (P6) or PGM (P5) image", errors[0]);
        Assert.StartsWith($"PageReader: {label}: the picture {Path.Combine(pictures, "label.read.png")} cannot be written: ", errors[1]);
        Assert.DoesNotContain("   at ", run.Output);
        Assert.DoesNotContain(Escape, run.Output);
        Assert.Contains("FRAGILE: Glassware", run.Printed);
        Assert.Equal(3, run.Lines.Count(l => l.Contains("│ VAT 8.5%  $3.07 ")));
        Assert.Contains("RunManyAsync is", run.Printed);
        foreach (string picture in new[] { "receipt.read.png", "receipt-2.read.png" })
        {
            Assert.Contains("With boxes: " + Path.Combine(pictures, picture), run.Lines);
            Assert.True(new FileInfo(Path.Combine(pictures, picture)).Length > 10_000, picture);
        }

        CommandResult untimed = Run(folder, "--image", receipt, "--out", pictures).Succeeded();
        Assert.DoesNotContain("RunManyAsync", untimed.Output);

        CommandResult nowhere = Run(folder, "--image", receipt, "--out", "").Failed();
        Assert.Contains("--out is empty", nowhere.Output);
        Assert.DoesNotContain("   at ", nowhere.Output);
    }

    private static CommandResult Run(string folder, params string[] arguments) =>
        DotNet.Run(folder, DotNet.Host, [Path.Combine("out", "PageReader.dll"), .. arguments]);

    // The sample's folder without its import, which names packages of the clone.
    private string Build()
    {
        string folder = Path.Combine(_packages.Root, "page-reader");
        string project = Path.Combine(Source, "PageReader");
        foreach (string file in Directory.GetFiles(project, "*", SearchOption.AllDirectories))
        {
            string path = Path.GetRelativePath(project, file);
            if (path.Split(Path.DirectorySeparatorChar)[0] is "bin" or "obj")
                continue;
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, path))!);
            File.Copy(file, Path.Combine(folder, path));
        }
        File.Copy(Path.Combine(Source, "Directory.Packages.props"), Path.Combine(folder, "Directory.Packages.props"));
        File.WriteAllLines(Path.Combine(folder, "Directory.Build.props"),
            File.ReadLines(Path.Combine(Source, "Directory.Build.props")).Where(l => !l.Contains("Local.props", StringComparison.Ordinal)));
        _packages.Build(folder, "build", "-p:CleaveVersion=" + _packages.Version, "-p:OnnxRuntimeVersion=" + PackedPackages.OnnxRuntimeVersion, "-o", "out").Succeeded();
        return folder;
    }
}
