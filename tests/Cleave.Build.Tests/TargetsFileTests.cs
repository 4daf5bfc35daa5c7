using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.TestKit;
using Microsoft.Build.Framework;
using Xunit;

namespace Cleave.Build.Tests;

/// <summary>The targets file and the code name the same things.</summary>
public sealed class TargetsFileTests
{
    private static readonly string File = Path.Combine(SharedModels.Repository, "nuget", "Cleave.targets");
    private static readonly string Settings = Path.Combine(SharedModels.Repository, "docs", "settings.md");
    private static readonly XDocument Targets = XDocument.Load(File);
    private static readonly Type[] Tasks = [.. typeof(ListModels).Assembly.GetExportedTypes().Where(t => typeof(ITask).IsAssignableFrom(t))];

    public static TheoryData<string> TaskNames => [.. Tasks.Select(t => t.Name)];

    private static Type TaskType(string name) => Tasks.Single(t => t.Name == name);

    private static XElement[] Calls(string task) => [.. Targets.Descendants(task)];

    private static IEnumerable<string> Parameters<T>(string task)
        where T : Attribute =>
        TaskType(task).GetProperties().Where(p => p.GetCustomAttribute<T>() != null).Select(p => p.Name);

    [Fact]
    public void The_tasks_are_named_as_they_are() =>
        Assert.Equal(Tasks.Select(t => t.FullName).Order(), Targets.Descendants("UsingTask").Select(u => u.Attribute("TaskName")!.Value).Order());

    [Theory]
    [MemberData(nameof(TaskNames))]
    public void Every_parameter_exists_and_every_required_one_is_given(string task)
    {
        Assert.NotEmpty(Calls(task));
        foreach (XElement call in Calls(task))
        {
            List<string> given = [.. call.Attributes().Select(a => a.Name.LocalName).Except(["Condition", "ContinueOnError"])];
            Assert.All(given, name => Assert.True(TaskType(task).GetProperty(name)?.CanWrite, name));
            Assert.Empty(Parameters<RequiredAttribute>(task).Except(given));
        }
    }

    [Theory]
    [MemberData(nameof(TaskNames))]
    public void Every_output_is_used(string task) =>
        Assert.Equal(Parameters<OutputAttribute>(task).Order(), Calls(task).Elements("Output").Select(o => o.Attribute("TaskParameter")!.Value).Distinct().Order());

    [Fact]
    public void What_is_reported_breaks_rules_that_exist() =>
        Assert.All(Targets.Descendants().Attributes("Rule"), rule => Assert.NotNull(Rules.Find(rule.Value)));

    /// <summary>Cleave.Runtime brings no task: its targets repeat what the rules say.</summary>
    [Fact]
    public void The_targets_of_the_runtime_say_what_the_rules_say()
    {
        XDocument targets = XDocument.Load(Path.Combine(SharedModels.Repository, "nuget", "buildTransitive", "Cleave.Runtime.targets"));
        XNamespace none = targets.Root!.Name.Namespace;
        XElement[] errors = [.. targets.Descendants(none + "Error")];
        Assert.Equal(["CLV2005", "CLV3004", "CLV3004", "CLV3005", "CLV3005", "CLV3012"], errors.Select(e => e.Attribute("Code")!.Value).Order());
        foreach (XElement error in errors)
        {
            Rule rule = Rules.Find(error.Attribute("Code")!.Value)!;
            Assert.Equal(rule.HelpLink, error.Attribute("HelpLink")!.Value.Replace("$(_CleaveHelp)", Rule.HelpRoot));
            Assert.Contains("!$(NoWarn.Contains('" + rule.Id + "'))", error.Attribute("Condition")!.Value);
            string message = "^" + Regex.Replace(Regex.Escape(rule.Message), @"\\\{\d}", ".+") + "$";
            Assert.Matches(message, error.Attribute("Text")!.Value);
        }
        Assert.Contains(">" + Rule.HelpRoot + "<", targets.ToString());
    }

    [Fact]
    public void What_the_targets_say_themselves_is_what_the_rule_says()
    {
        XElement error = Assert.Single(Targets.Descendants("Error"));
        Rule rule = Rules.Find(error.Attribute("Code")!.Value)!;
        Assert.Equal(rule.HelpLink, error.Attribute("HelpLink")!.Value);
        Assert.Matches("^" + Regex.Replace(Regex.Escape(rule.Message), @"\\\{\d}", ".+") + "$", error.Attribute("Text")!.Value);
    }

    [Fact]
    public void Item_metadata_has_the_names_of_the_listings_options_and_is_documented()
    {
        string page = System.IO.File.ReadAllText(Settings);
        string text = System.IO.File.ReadAllText(File);
        string[] options = [.. typeof(ListingOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => p.Name)
            .Except([nameof(ListingOptions.Source), nameof(ListingOptions.Path), nameof(ListingOptions.Settings)]).Concat(RunnerSettings.Names)];
        using TaskRun run = new();
        ITaskItem item = TaskRun.Item("m.onnx", [.. options.Select(name => (name, "value of " + name))]);
        ModelPlace place = ModelPlace.Assign([item], run.Project, run.ListingFolder, "App").Single();
        ListingOptions listed = ModelOptions.For(place, "Root");
        string stamp = Stamp.Text(place, listed, new ModelChecks(place, run.Project, contractRequired: false), []);
        foreach (string name in options)
        {
            object? value = RunnerSettings.Names.Contains(name) ? listed.Settings.Single(s => s.Key == name).Value : typeof(ListingOptions).GetProperty(name)!.GetValue(listed);
            Assert.Equal("value of " + name, value is IEnumerable<string> list ? Assert.Single(list) : value);
            Assert.Contains(name, text);
            Assert.Matches(@"\n\| `" + name + "[`=]", page);
            // A stamp that left one out would not notice its change.
            Assert.Contains(Uri.EscapeDataString("value of " + name), stamp);
        }
    }

    [Fact]
    public void Every_property_that_a_project_may_set_is_documented()
    {
        string[] properties = [.. Regex.Matches(System.IO.File.ReadAllText(File), @"\$\((Cleave[A-Za-z]+)\)").Select(m => m.Groups[1].Value).Distinct()];
        Assert.NotEmpty(properties);
        string page = System.IO.File.ReadAllText(Settings);
        Assert.All(properties, name => Assert.Contains("\n| `" + name + "` |", page));
    }

    [Theory]
    [MemberData(nameof(TaskNames))]
    public void The_task_may_run_in_the_process_of_a_multithreaded_build(string task) =>
        // MSBuild looks for the attribute by its full name.
        Assert.Contains(TaskType(task).CustomAttributes, a => a.AttributeType.FullName == "Microsoft.Build.Framework.MSBuildMultiThreadableTaskAttribute");
}
