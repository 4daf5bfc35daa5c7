using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Xml.Linq;
using Cleave.Core.Listing;
using Cleave.TestKit;
using Microsoft.Build.Framework;
using Xunit;

namespace Cleave.Build.Tests;

/// <summary>The targets file and the code name the same things.</summary>
public sealed class TargetsFileTests
{
    private static readonly string File = Path.Combine(SharedModels.Repository, "nuget", "Cleave.targets");
    private static readonly XDocument Targets = XDocument.Load(File);
    private static readonly XElement Call = Targets.Descendants(nameof(ListModels)).Single();

    private static IEnumerable<string> Parameters<T>()
        where T : Attribute =>
        typeof(ListModels).GetProperties().Where(p => p.GetCustomAttribute<T>() != null).Select(p => p.Name);

    [Fact]
    public void The_task_is_named_as_it_is() =>
        Assert.Equal(typeof(ListModels).FullName, Targets.Descendants("UsingTask").Single().Attribute("TaskName")!.Value);

    [Fact]
    public void Every_parameter_exists_and_every_required_one_is_given()
    {
        List<string> given = [.. Call.Attributes().Select(a => a.Name.LocalName).Except(["Condition", "ContinueOnError"])];
        Assert.All(given, name => Assert.True(typeof(ListModels).GetProperty(name)?.CanWrite, name));
        Assert.Empty(Parameters<RequiredAttribute>().Except(given));
    }

    [Fact]
    public void Every_output_is_used() =>
        Assert.Equal(Parameters<OutputAttribute>().Order(), Call.Elements("Output").Select(o => o.Attribute("TaskParameter")!.Value).Order());

    [Fact]
    public void Item_metadata_has_the_names_of_the_listings_options_and_the_targets_file_tells_them()
    {
        string text = System.IO.File.ReadAllText(File);
        PropertyInfo[] options = [.. typeof(ListingOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.CanWrite && p.Name is not (nameof(ListingOptions.Source) or nameof(ListingOptions.Path)))];
        using TaskRun run = new();
        ITaskItem item = TaskRun.Item("m.onnx", [.. options.Select(p => (p.Name, "value of " + p.Name))]);
        ModelPlace place = ModelPlace.Assign([item], run.Project, run.ListingFolder, "App").Single();
        ListingOptions listed = ModelOptions.For(place, "Root");
        Assert.NotEmpty(options);
        foreach (PropertyInfo option in options)
        {
            Assert.Equal("value of " + option.Name, option.GetValue(listed));
            Assert.Contains(option.Name, text);
            // A stamp that left one out would not notice its change.
            Assert.Contains(Uri.EscapeDataString("value of " + option.Name), Stamp.Text(place, listed, []));
        }
    }

    [Fact]
    public void The_task_may_run_in_the_process_of_a_multithreaded_build() =>
        // MSBuild looks for the attribute by its full name.
        Assert.Contains(typeof(ListModels).CustomAttributes, a => a.AttributeType.FullName == "Microsoft.Build.Framework.MSBuildMultiThreadableTaskAttribute");
}
