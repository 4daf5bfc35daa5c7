using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Diagnostics;
using Microsoft.Build.Framework;
using Xunit;

namespace Cleave.Build.Tests;

public sealed class ModelPlaceTests
{
    private static readonly string Project = Path.GetFullPath(Path.Combine(Path.GetTempPath(), "no such folder", "app"));

    private static List<ModelPlace> Assign(params ITaskItem[] items) =>
        ModelPlace.Assign(items, Project, Path.Combine(Project, "obj"), "App");

    private static ModelPlace Assign(string path, params (string, string)[] metadata) =>
        Assert.Single(Assign(TaskRun.Item(path, metadata)));

    [Fact]
    public void A_model_of_the_project_keeps_its_path()
    {
        ModelPlace place = Assign("nets/a b/face.onnx");
        Assert.Equal("nets/a b/face.onnx", place.Source);
        Assert.Equal("models/App/nets/a b/face.onnx", place.Output);
        Assert.Equal(Path.Combine(Project, "nets", "a b", "face.onnx"), place.File);
    }

    [Theory]
    [InlineData("nets\\face.onnx")]
    [InlineData("./nets/face.onnx")]
    [InlineData("x/../nets/face.onnx")]
    public void However_the_path_is_spelt_it_is_the_same_model(string path) =>
        Assert.Equal(Assign("nets/face.onnx") with { Item = null! }, Assign(path) with { Item = null! });

    [Fact]
    public void A_model_listed_twice_counts_once() =>
        Assert.Single(Assign(TaskRun.Item("m.onnx"), TaskRun.Item(Path.Combine(Project, "m.onnx"))));

    [Fact]
    public void Models_of_one_name_in_two_folders_do_not_collide()
    {
        List<ModelPlace> places = Assign(TaskRun.Item("a/model.onnx"), TaskRun.Item("b/model.onnx"), TaskRun.Item("../c/model.onnx"), TaskRun.Item("../d/model.onnx"));
        Assert.Equal(4, places.Select(p => p.Output).Distinct().Count());
        Assert.Equal(4, places.Select(p => p.Listing).Distinct().Count());
        Assert.Equal(4, places.Select(p => p.Stamp).Distinct().Count());
    }

    [Fact]
    public void A_model_from_elsewhere_gets_a_folder_of_its_own_below_the_application()
    {
        ModelPlace place = Assign("../shared/face.onnx");
        Assert.Equal("../shared/face.onnx", place.Source);
        Assert.Matches("^models/App/shared_?.face~[0-9a-f]+/face.onnx$", place.Output);
    }

    [Fact]
    public void Link_says_where_a_model_from_elsewhere_lies()
    {
        ModelPlace place = Assign("../shared/face.onnx", ("Link", "nets\\f.onnx"));
        Assert.Equal("models/App/nets/f.onnx", place.Output);
        Assert.Equal("nets/f.onnx", place.Linked);
        // Messages still name the file itself.
        Assert.Equal("../shared/face.onnx", place.Source);
    }

    [Theory]
    [InlineData("./nets/f.onnx")]
    [InlineData(".\\nets\\f.onnx")]
    [InlineData("nets//x/../f.onnx")]
    public void A_link_may_be_spelt_in_any_way(string link)
    {
        ModelPlace place = Assign("face.onnx", ("Link", link));
        Assert.Equal("models/App/nets/f.onnx", place.Output);
        Assert.Empty(place.Problems);
    }

    [Theory]
    [InlineData("../../etc/f.onnx")]
    [InlineData("/etc/f.onnx")]
    [InlineData("C:/f.onnx")]
    [InlineData("nets/")]
    [InlineData(".")]
    public void A_link_that_is_no_place_below_the_models_folder_is_an_error(string link)
    {
        ModelPlace place = Assign("face.onnx", ("Link", link));
        Assert.Equal(("models/App/face.onnx", ""), (place.Output, place.Linked));
        Problem problem = Assert.Single(place.Problems);
        Assert.Equal((Rules.BadMetadata, "Link", link), (problem.Rule, problem.Arguments[0], problem.Arguments[1]));
    }

    /// <summary>The task reports them when both are copied.</summary>
    [Fact]
    public void Two_items_with_one_link_have_one_place_and_listings_of_their_own()
    {
        List<ModelPlace> places = Assign(TaskRun.Item("../a.onnx", ("Link", "m.onnx")), TaskRun.Item("../b.onnx", ("Link", "m.onnx")));
        Assert.All(places, p => Assert.Equal("models/App/m.onnx", p.Output));
        Assert.NotEqual(places[0].Listing, places[1].Listing);
    }

    [SkippableFact]
    public void Names_that_differ_in_case_alone_get_files_that_differ_in_more()
    {
        Skip.If(Path.DirectorySeparatorChar == '\\', "skipped: on Windows both are one file");
        List<ModelPlace> places = Assign(TaskRun.Item("m.onnx"), TaskRun.Item("M.onnx"));
        Assert.NotEqual(places[0].Listing, places[1].Listing, StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_link_to_the_place_of_another_model_does_not_move_that()
    {
        List<ModelPlace> places = Assign(TaskRun.Item("../new/face_v2.onnx", ("Link", "models/face.onnx")), TaskRun.Item("models/face.onnx"));
        Assert.All(places, p => Assert.Equal("models/App/models/face.onnx", p.Output));
        Assert.NotEqual(places[0].Listing, places[1].Listing);
    }
}
