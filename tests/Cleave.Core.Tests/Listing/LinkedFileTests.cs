using System;
using System.IO;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Listing;

/// <summary>Files that are links: what counts is what they lead to.</summary>
public sealed class LinkedFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string this[string name] => Path.Combine(_folder.Path, name);

    [Fact]
    public void Weights_in_a_file_that_is_a_link_are_as_long_as_what_it_leads_to()
    {
        ModelProto model = Make.Small();
        model.Graph.Initializer[0] = Make.External("w", [1, 400], "w.data");
        string path = _folder.File("m.onnx", model.ToByteArray());
        _folder.File("..2026/w.data", new byte[1600]);
        Directory.CreateSymbolicLink(this["..data"], "..2026");
        File.CreateSymbolicLink(this["w.data"], "..data/w.data");
        Assert.Empty(ModelLister.List(path, new ListingOptions(), default).Problems);
        Assert.Equal(model.CalculateSize() + 1600, ModelFiles.Of(path).Bytes);

        _folder.File("..2026/w.data", new byte[1599]);
        Problem problem = Assert.Single(ModelLister.List(path, new ListingOptions(), default).Problems);
        Assert.Equal((Rules.ExternalDataTooShort, "1599"), (problem.Rule, problem.Arguments[^1]));
        File.Delete(this["..2026/w.data"]);
        Assert.Equal(Rules.ExternalDataMissing, Assert.Single(ModelLister.List(path, new ListingOptions(), default).Problems).Rule);
    }

    [Fact]
    public void A_link_has_the_length_and_the_time_of_its_file()
    {
        string file = _folder.File("file", new byte[7]);
        File.SetLastWriteTimeUtc(file, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        File.CreateSymbolicLink(this["first"], "second");
        File.CreateSymbolicLink(this["second"], "file");
        foreach (string name in new[] { "file", "first", "second" })
            Assert.Equal((7, File.GetLastWriteTimeUtc(file)), (LinkedFile.Find(this[name])!.Length, LinkedFile.Find(this[name])!.WrittenUtc));
    }

    [Fact]
    public void Links_that_lead_nowhere_or_in_a_circle_are_no_files()
    {
        File.CreateSymbolicLink(this["a"], "b");
        Assert.Null(LinkedFile.Find(this["a"]));
        File.CreateSymbolicLink(this["b"], "a");
        Assert.Null(LinkedFile.Find(this["a"]));
        Assert.Null(LinkedFile.Find(this["c"]));
        Assert.Null(LinkedFile.Find(_folder.Path));
    }
}
