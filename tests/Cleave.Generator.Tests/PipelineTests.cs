using System;
using System.Globalization;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Generator.Emit;
using Cleave.Generator.Pipeline;
using Cleave.TestKit.Generation;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>What is computed again when something changes.</summary>
public class PipelineTests
{
    private static readonly CSharpCompilation Project = Compiling.Project();

    [Fact]
    public void An_edit_of_another_file_computes_nothing_again()
    {
        BuildFile file = Models.File(Models.Bert());
        GeneratorDriver driver = GeneratorHost.Driver(new RunnerGenerator(), GeneratorHost.Options, file).RunGenerators(Project);
        int reads = file.Reads;

        driver = driver.RunGenerators(GeneratorHost.Edited(Project));

        Steps.Of(driver).AllCached();
        Assert.Equal(reads, file.Reads);
    }

    [Fact]
    public void The_same_text_in_a_new_file_object_writes_nothing()
    {
        BuildFile file = Models.File(Models.Bert());
        GeneratorDriver driver = GeneratorHost.Driver(new RunnerGenerator(), GeneratorHost.Options, file).RunGenerators(Project);

        driver = driver.ReplaceAdditionalText(file, Models.File(Models.Bert())).RunGenerators(Project);

        Steps.Of(driver).IsCached(TrackingNames.Files).IsCached(TrackingNames.Models).NothingIsWritten();
    }

    [Fact]
    public void The_code_is_the_same_on_every_machine()
    {
        ModelListing[] models = [Models.Bert(), Models.Listing([Models.Tensor("x", ElementType.Float, -1, "n", null, 7)], [Models.AnyShape("y")], "nets/other.onnx")];
        string[] here = Code("/project/", [.. models.Select((m, i) => new BuildFile("/project/obj/cleave/" + i + ".graph", Compiling.Text(m)))]);

        CultureInfo culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo foreign = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            foreign.NumberFormat.NegativeSign = "~";
            foreign.NumberFormat.NumberDecimalSeparator = ";";
            CultureInfo.CurrentCulture = foreign;
            string[] there = Code("C:\\else\\", [.. models.Select((m, i) => new BuildFile("C:\\else\\obj\\cleave\\" + i + ".graph", Compiling.Text(m))).Reverse()]);
            Assert.Equal(4, here.Length);
            Assert.Equal(here, there);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }

        static string[] Code(string folder, BuildFile[] files)
        {
            Generated generated = GeneratorHost.Run(new RunnerGenerator(), new BuildOptions(("RootNamespace", "MyApp"), ("ProjectDir", folder)), [], files);
            return [.. generated.Hints.Order(StringComparer.Ordinal).Select(h => h + "\n" + generated.Source(h))];
        }
    }

    [Fact]
    public void A_change_in_one_model_writes_only_its_runner()
    {
        BuildFile one = Models.File(Models.Bert(), "bert");
        BuildFile two = Models.File(Models.Bert("models/other.onnx"), "other");
        GeneratorDriver driver = GeneratorHost.Driver(new RunnerGenerator(), GeneratorHost.Options, one, two).RunGenerators(Project);

        ModelListing changed = Models.Listing([Models.Float("x", 1)], [Models.Float("y", 1)]);
        driver = driver.ReplaceAdditionalText(one, Models.File(changed, "bert")).RunGenerators(Project);

        Steps.Of(driver).IsModified(TrackingNames.Models).Writes(1);
    }

    [Fact]
    public void Other_outputs_write_the_runner_anew_and_no_other()
    {
        BuildFile one = Models.File(Models.Chosen("scores"), "face");
        BuildFile two = Models.File(Models.Bert("models/other.onnx"), "other");
        GeneratorDriver driver = GeneratorHost.Driver(new RunnerGenerator(), GeneratorHost.Options, one, two).RunGenerators(Project);

        driver = driver.ReplaceAdditionalText(one, Models.File(Models.Chosen("scores", "/backbone/pool/output_0"), "face")).RunGenerators(Project);

        Steps.Of(driver).IsModified(TrackingNames.Models).Writes(1);
    }

    [Fact]
    public void Another_plan_writes_the_runner_anew_and_no_other()
    {
        ModelListing bert = Models.Bert();
        BuildFile one = Models.File(bert, "a"), other = Models.File(Models.Bert("models/other.onnx"), "b");
        GeneratorDriver driver = GeneratorHost.Driver(new RunnerGenerator(), GeneratorHost.Options, one, other).RunGenerators(Project);

        BuildFile changed = Models.File(bert with { Options = bert.Options with { Plan = "Whole", Dims = "sequence=16" } }, "a");
        driver = driver.ReplaceAdditionalText(one, changed).RunGenerators(Project);

        Steps.Of(driver).IsModified(TrackingNames.Models).Writes(1);
    }

    [Fact]
    public void A_change_that_no_class_shows_writes_nothing()
    {
        BuildFile file = Models.File(Models.Bert());
        GeneratorDriver driver = GeneratorHost.Driver(new RunnerGenerator(), GeneratorHost.Options, file).RunGenerators(Project);

        ModelListing same = Models.Bert() with { ExternalFiles = ["bert.onnx.data"] };
        driver = driver.ReplaceAdditionalText(file, Models.File(same)).RunGenerators(Project);

        Steps.Of(driver).IsModified(TrackingNames.Files).IsUnchanged(TrackingNames.Models).NothingIsWritten();
    }

    [Fact]
    public void A_second_model_leaves_the_first_ones_runner_alone()
    {
        BuildFile file = Models.File(Models.Bert(), "bert");
        GeneratorDriver driver = GeneratorHost.Driver(new RunnerGenerator(), GeneratorHost.Options, file).RunGenerators(Project);

        driver = driver.AddAdditionalTexts([Models.File(Models.Bert("models/other.onnx"), "other")]).RunGenerators(Project);

        Steps.Of(driver).IsUnchanged(TrackingNames.Names).Writes(1);
    }

    [Fact]
    public void Equal_listings_give_equal_specs_and_others_do_not()
    {
        ModelResult one = Parse(Models.Bert());
        ModelResult same = Parse(Models.Bert());
        Assert.Equal(one, same);
        Assert.Equal(one.GetHashCode(), same.GetHashCode());
        Assert.NotNull(one.Runner);

        ModelListing bert = Models.Bert();
        Assert.NotEqual(one, Parse(bert with { Options = bert.Options with { Access = "public" } }));
        Assert.NotEqual(one, Parse(bert with { Options = bert.Options with { Path = "elsewhere.onnx" } }));
        Assert.NotEqual(one, Parse(Models.Bert("models/other.onnx")));
        Assert.NotEqual(Parse(Models.Listing([], [Models.Float("y", "n")])), Parse(Models.Listing([], [Models.Float("y", "m")])));
        Assert.NotEqual(Parse(Models.Listing([], [Models.Float("y", 1)])), Parse(Models.Listing([], [Models.Float("y")])));
    }

    [Fact]
    public void Problems_are_cached_like_code()
    {
        ModelListing bad = Models.Listing([], []);
        Assert.Single(GeneratorHost.Run(Models.File(bad)).Messages);
    }

    [Fact]
    public void A_file_of_somebody_else_is_not_even_read()
    {
        BuildFile foreign = new("/project/nodes.graph", text: null, isListing: false);
        BuildFile text = new("/project/readme.txt", "cleave-listing 1\n", isListing: false);

        Generated generated = GeneratorHost.Run(foreign, text);

        Assert.Empty(generated.Hints);
        Assert.Empty(generated.Messages);
        Assert.Equal(0, foreign.Reads + text.Reads);
    }

    [Fact]
    public void Planning_ends_when_nobody_wants_it_any_more()
    {
        using CancellationTokenSource source = new();
        RunnerGenerator generator = new(
            text =>
            {
                source.Cancel();
                return ListingReader.Read(text);
            },
            RunnerEmitter.Emit);
        GeneratorDriver driver = GeneratorHost.Driver(generator, GeneratorHost.Options, Models.File(Models.Bert()));
        OperationCanceledException end = Assert.Throws<OperationCanceledException>(() => driver.RunGenerators(Project, source.Token));
        // Not by the compiler, after all was planned.
        Assert.Contains(nameof(ModelResult), end.StackTrace!, StringComparison.Ordinal);
    }

    private static ModelResult Parse(ModelListing listing)
    {
        string text = Compiling.Text(listing);
        return ModelResult.Of(new ModelFile("/project/obj/m.graph", IsListing: true, text), new ProjectFacts("MyApp", "/project/", "", ""), ListingReader.Read);
    }
}
