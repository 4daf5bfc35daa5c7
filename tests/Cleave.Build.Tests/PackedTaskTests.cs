using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.Loader;
using Cleave.TestKit;
using Microsoft.Build.Framework;
using Xunit;

namespace Cleave.Build.Tests;

/// <summary>
/// The other tests run with the core's build for .NET 8; the package holds the one for .NET Standard, which reads files
/// in another way. Both must list the same.
/// </summary>
public sealed class PackedTaskTests
{
    private static readonly string Folder = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "Cleave.Build", new DirectoryInfo(AppContext.BaseDirectory).Name));

    [Fact]
    public void The_task_as_it_is_packed_lists_the_same()
    {
        TinyModel external = new() { ExternalFile = "external.data" };
        Dictionary<string, byte[]> models = new()
        {
            ["absurd.onnx"] = [0x08, 8, 0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
            ["empty.onnx"] = [],
            ["external.onnx"] = external.ToBytes(),
            ["good.onnx"] = new TinyModel().ToBytes(),
            ["short.onnx"] = (external with { ExternalFile = "short.data" }).ToBytes(),
            ["text.onnx"] = new byte[5000],
            ["truncated.onnx"] = new TinyModel().ToBytes()[..60],
        };
        if (SharedModels.Exist)
        {
            foreach (string model in new[] { "dtln_2.onnx", "ppocrv3_det_en.onnx", "silero_vad.onnx" })
                models.Add(model, File.ReadAllBytes(SharedModels.PathOf(model)));
        }

        using TaskRun here = new(), packed = new();
        ITaskItem[] items = [.. models.Keys.Append("missing.onnx").Select(m => TaskRun.Item(m))];
        foreach (TaskRun run in new[] { here, packed })
        {
            foreach ((string path, byte[] content) in models)
                run.Add(path, content);
            run.Add("external.data", external.WeightBytes);
            run.Add("short.data", [1, 2, 3]);
        }
        Assert.True(here.Task(items).Execute());
        Assert.True(PackedTask(packed, items).Execute());
        Assert.Empty(packed.Errors);

        foreach (string model in models.Keys.Append("missing.onnx"))
        {
            string listing = Path.ChangeExtension(model, ".graph");
            Assert.Equal(File.ReadAllText(Path.Combine(here.ListingFolder, listing)), File.ReadAllText(Path.Combine(packed.ListingFolder, listing)));
        }
    }

    private static ITask PackedTask(TaskRun run, ITaskItem[] items)
    {
        Assembly assembly = new Packed().LoadFromAssemblyPath(Path.Combine(Folder, "Cleave.Build.dll"));
        Type type = assembly.GetType(typeof(ListModels).FullName!, throwOnError: true)!;
        Assert.NotSame(typeof(ListModels), type);
        ListModels given = run.Task(items);
        ITask task = (ITask)Activator.CreateInstance(type)!;
        foreach (PropertyInfo property in typeof(ListModels).GetProperties().Where(p => p.SetMethod is { IsPublic: true } && p.GetValue(given) is not null))
            type.GetProperty(property.Name)!.SetValue(task, property.GetValue(given));
        return task;
    }

    private sealed class Packed : AssemblyLoadContext
    {
        protected override Assembly? Load(AssemblyName name)
        {
            string file = Path.Combine(Folder, name.Name + ".dll");
            return File.Exists(file) ? LoadFromAssemblyPath(file) : null;
        }
    }
}
