using System;
using Xunit;

namespace Cleave.Build.Tests;

public sealed class ModelKeyTests
{
    [Theory]
    [InlineData("face.onnx", "face")]
    [InlineData("models/face_detector-2.onnx", "models.face_detector-2")]
    public void A_plain_path_is_its_own_key(string path, string key) => Assert.Equal(key, ModelKey.For(path));

    [Theory]
    [InlineData("a/b.onnx", "a.b.onnx")]
    [InlineData("a b.onnx", "a_b.onnx")]
    [InlineData("ä.onnx", "ö.onnx")]
    [InlineData("m.onnx", "m.ONNX")]
    [InlineData("../x/m.onnx", "x/m.onnx")]
    [InlineData("../m.onnx", "../../m.onnx")]
    public void Different_paths_have_different_keys(string one, string other) =>
        Assert.NotEqual(ModelKey.For(one), ModelKey.For(other), StringComparer.OrdinalIgnoreCase);

    [Theory]
    [InlineData("../shared models/gänse#1.onnx")]
    [InlineData("…/;$(x)%20'.onnx")]
    public void A_key_is_a_file_name_on_any_system(string path) =>
        Assert.Matches(@"^[A-Za-z0-9_-][A-Za-z0-9_.~-]*$", ModelKey.For(path));

    [Fact]
    public void A_long_path_has_a_short_key_that_still_tells_it_apart()
    {
        string end = new string('x', 200) + "/model.onnx";
        string key = ModelKey.For("a/" + end);
        Assert.InRange(key.Length, 1, 100);
        Assert.Contains("model", key);
        Assert.NotEqual(key, ModelKey.For("b/" + end));
    }

    [Fact]
    public void A_key_is_the_same_on_every_machine() => Assert.Equal("my_net~dd91418833", ModelKey.For("my net.onnx"));
}
