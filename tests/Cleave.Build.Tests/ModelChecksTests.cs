using System;
using System.IO;
using System.Linq;
using System.Text;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Core.Placement;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Google.Protobuf;
using Microsoft.Build.Framework;
using Xunit;

namespace Cleave.Build.Tests;

/// <summary>What is checked of a model beside what its file says: its contract, its tuning file, the names of its item metadata.</summary>
public sealed class ModelChecksTests : IDisposable
{
    private readonly TaskRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public void A_model_is_compared_with_its_contract_whenever_either_changes()
    {
        byte[] model = new TinyModel().ToBytes();
        _run.Add("nets/m.onnx", model);
        _run.Run("nets/m.onnx");
        Assert.Empty(_run.Read("nets.m").Problems);

        _run.Add("nets/m.onnx.contract.txt", Encoding.UTF8.GetBytes(ModelContract.Text(_run.Read("nets.m").Model!, "m.onnx")));
        _run.Run("nets/m.onnx");
        Assert.Single(_run.Messages);
        Assert.Empty(_run.Read("nets.m").Problems);
        _run.Run("nets/m.onnx");
        Assert.Empty(_run.Messages);

        _run.Add("nets/m.onnx", new TinyModel { Weights = [1, 2, 3, 4, 5] }.ToBytes());
        _run.Run("nets/m.onnx");
        Problem problem = Assert.Single(_run.Read("nets.m").Problems);
        Assert.Equal(Rules.ContractBroken, problem.Rule);
        Assert.Equal("nets/m.onnx.contract.txt", problem.Arguments[0]);
        Assert.Contains("- input \"x\" tensor float [4]; + input \"x\" tensor float [5]", problem.Arguments[1]);

        File.Delete(Path.Combine(_run.Project, "nets", "m.onnx.contract.txt"));
        _run.Run("nets/m.onnx");
        Assert.Empty(_run.Read("nets.m").Problems);
    }

    [Fact]
    public void A_contract_can_be_demanded()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run("m.onnx");
        ListModels task = _run.Task(TaskRun.Item("m.onnx"));
        task.Contracts = "Require";
        Assert.True(task.Execute());
        Problem problem = Assert.Single(_run.Read("m").Problems);
        Assert.Equal((Rules.ContractMissing, "m.onnx.contract.txt"), (problem.Rule, Assert.Single(problem.Arguments)));
    }

    [Fact]
    public void A_value_of_CleaveContracts_that_means_nothing_is_an_error()
    {
        ListModels task = _run.Task();
        task.Contracts = "requrie";
        Assert.False(task.Execute());
        BuildErrorEventArgs error = Assert.Single(_run.Errors);
        Assert.Equal(("CLV3007", _run.ProjectFile), (error.Code, error.File));
        Assert.Contains("CleaveContracts to 'requrie'", error.Message);
    }

    [Fact]
    public void A_contract_that_cannot_be_read_is_said_to_be_so()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Add("m.onnx.contract.txt", [0xFF, 0, 0xFE]);
        _run.Run("m.onnx");
        Assert.Contains("does not begin with", Assert.Single(_run.Read("m").Problems).Arguments[1]);
    }

    [Fact]
    public void The_measured_profile_of_an_accelerator_is_in_the_listing_of_models_that_are_planned_for_one()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        string profile = string.Join(",", AcceleratorProfileText.Lines(AcceleratorProfiles.Default).Select(l => "\"" + l + "\""));
        // Of another graph: that says nothing of the accelerator.
        void Tuned(string lines) => _run.Add("m.onnx.tune", Encoding.UTF8.GetBytes("cleave-tuning 1\nmachine \"EPYC\" 2 \"1.30.0\"\n  graph \"h2:other\"\n  accelerator [" + lines + "]\n"));

        Tuned(profile);
        _run.Run(TaskRun.Item("m.onnx"));
        Assert.Empty(_run.Read("m").Problems);
        Assert.Empty(_run.Read("m").Options.Accelerator);

        _run.Run(TaskRun.Item("m.onnx", ("Accelerator", "Cuda")));
        Assert.Empty(_run.Read("m").Problems);
        Assert.Equal(AcceleratorProfileText.Lines(AcceleratorProfiles.Default), _run.Read("m").Options.Accelerator);

        Tuned("\"nothing\"");
        _run.Run(TaskRun.Item("m.onnx", ("Accelerator", "Cuda")));
        Assert.True(_run.Succeeded);
        Problem problem = Assert.Single(_run.Read("m").Problems);
        Assert.Equal("CLV1025", problem.Rule.Id);
        Assert.Contains("the accelerator's profile cannot be used", problem.Arguments[1], StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_read_is_looked_at_again_when_it_can_be()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        string tuned = _run.Add("m.onnx.tune", Encoding.UTF8.GetBytes("cleave-tuning 1\n"));
        using (new FileStream(tuned, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            _run.Run("m.onnx");
            Problem problem = Assert.Single(_run.Read("m").Problems);
            Assert.Equal("CLV1025", problem.Rule.Id);
            Assert.Contains("cannot be read", problem.Arguments[1], StringComparison.Ordinal);
            Assert.DoesNotContain(_run.Project, problem.Arguments[1], StringComparison.Ordinal);
        }
        // Neither length nor time is another one.
        _run.Run("m.onnx");
        Assert.Empty(_run.Read("m").Problems);
    }

    [Fact]
    public void What_was_measured_of_another_graph_is_said()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        ListModels task = _run.Run(TaskRun.Item("m.onnx"));
        string hash = _run.Read("m").Hash;
        string Tuned(string graph) => "cleave-tuning 1\nmachine \"EPYC\" 2 \"1.30.0\"\n  graph \"" + graph + "\"\n";

        foreach ((string text, string[] said) in new[]
        {
            (Tuned(hash), Array.Empty<string>()),
            (Tuned("h2:other"), ["m.onnx.tune", "it was measured on another graph (EPYC, 2 cores, ONNX Runtime 1.30.0)"]),
            ("cleave-tuning 99\n", ["m.onnx.tune", "line 1: version 99 is of a later Cleave: update Cleave here, or delete the file"]),
        })
        {
            _run.Add("m.onnx.tune", Encoding.UTF8.GetBytes(text));
            task = _run.Run(TaskRun.Item("m.onnx"));
            Assert.True(_run.Succeeded);
            Assert.Equal(said, _run.Read("m").Problems.SelectMany(p => p.Arguments));
            Assert.All(_run.Read("m").Problems, p => Assert.Equal("CLV1025", p.Rule.Id));
        }
    }

    [Fact]
    public void A_model_in_8_bits_is_held_to_the_model_and_the_error_that_its_item_names()
    {
        byte[] floats = new TinyModel { Weights = [1, 2] }.ToBytes();
        _run.Add("m.onnx", floats);
        string source = "sha256:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(floats));
        Quantised(("cleave.quantized.source", source), ("cleave.quantized.max_error", "0.05"));

        Assert.Empty(Problems(("QuantizedFrom", "m.onnx"), ("MaxError", "0.05")));
        // Validation reads them there.
        Assert.Equal(("m.onnx", "0.05"), (_run.Read("q").Options.QuantizedFrom, _run.Read("q").Options.MaxError));
        Assert.Empty(Problems());
        Assert.Equal(["m.onnx", "it was made for an error of 0.05, and the item allows 0.01"], Problems(("QuantizedFrom", "m.onnx"), ("MaxError", "0.01")));
        Assert.Equal(["?", "MaxError='NaN' is no number above 0, as in 0.05"], Problems(("MaxError", "NaN")));
        Assert.Equal(["?", "MaxError='little' is no number above 0, as in 0.05"], Problems(("MaxError", "little")));
        Assert.Equal("that file cannot be read: it is not there", Problems(("QuantizedFrom", "other.onnx"))[1]);
        // Trained again: the quantised file is as it was.
        Assert.Empty(Problems(("QuantizedFrom", "m.onnx")));
        _run.Add("m.onnx", new TinyModel { Weights = [1, 3] }.ToBytes());
        Assert.Equal(["m.onnx", "that file has changed since"], Problems(("QuantizedFrom", "m.onnx")));
        Quantised();
        Assert.Equal(["m.onnx", "it does not say of which model it was made, as what cleave quantize writes does"], Problems(("QuantizedFrom", "m.onnx")));

        void Quantised(params (string Key, string Value)[] said)
        {
            ModelProto model = ModelProto.Parser.ParseFrom(new TinyModel().ToBytes());
            model.MetadataProps.Add(said.Select(static s => new StringStringEntryProto { Key = s.Key, Value = s.Value }));
            _run.Add("q.onnx", model.ToByteArray());
        }

        string[] Problems(params (string, string)[] metadata)
        {
            _run.Run(TaskRun.Item("q.onnx", metadata));
            Assert.All(_run.Read("q").Problems, static p => Assert.Equal("CLV1026", p.Rule.Id));
            return [.. _run.Read("q").Problems.SelectMany(static p => p.Arguments)];
        }
    }

    [Fact]
    public void Weights_beside_the_source_belong_to_it()
    {
        TinyModel floats = new() { ExternalFile = "w.bin", Weights = [1, 2] };
        _run.Add("m.onnx", floats.ToBytes());
        _run.Add("w.bin", floats.WeightBytes);
        ModelProto model = ModelProto.Parser.ParseFrom(new TinyModel().ToBytes());
        model.MetadataProps.Add(new StringStringEntryProto { Key = "cleave.quantized.source", Value = "sha256:" + ModelFiles.Of(Path.Combine(_run.Project, "m.onnx")).Digest() });
        _run.Add("q.onnx", model.ToByteArray());

        _run.Run(TaskRun.Item("q.onnx", ("QuantizedFrom", "m.onnx")));
        Assert.Empty(_run.Read("q").Problems);
        _run.Run(TaskRun.Item("q.onnx", ("QuantizedFrom", "m.onnx")));
        Assert.Empty(_run.Messages);

        // Trained again: the model's own file is as it was, byte for byte.
        _run.Add("w.bin", (floats with { Weights = [1, 3] }).WeightBytes);
        _run.Run(TaskRun.Item("q.onnx", ("QuantizedFrom", "m.onnx")));
        Problem problem = Assert.Single(_run.Read("q").Problems);
        Assert.Equal(("CLV1026", "that file, or one with its weights, has changed since"), (problem.Rule.Id, problem.Arguments[1]));

        File.Delete(Path.Combine(_run.Project, "w.bin"));
        _run.Run(TaskRun.Item("q.onnx", ("QuantizedFrom", "m.onnx")));
        Assert.Equal("that file, or one with its weights, cannot be read: it is not there", Assert.Single(_run.Read("q").Problems).Arguments[1]);
    }

    [Theory]
    [InlineData("Acess", "Access")]
    [InlineData("classname", null)]
    [InlineData("ClasName", "ClassName")]
    [InlineData("Dim", "Dims")]
    [InlineData("Output", "Outputs")]
    [InlineData("Wieghts", "Weights")]
    [InlineData("Slcing", "Slicing")]
    [InlineData("Pack", null)]
    [InlineData("Generator", null)]
    [InlineData("Visible", null)]
    [InlineData("Owner", null)]
    [InlineData("Lank", "Link")]
    [InlineData("MaxSlowDown", null)]
    [InlineData("MaxSlodown", "MaxSlowdown")]
    [InlineData("Validated", "Validate")]
    public void Metadata_that_is_nearly_right_is_named(string name, string? meant)
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run(TaskRun.Item("m.onnx", (name, "Auto")));
        Assert.Equal(meant is null ? [] : [(Rules.MetadataMisspelt, name + "|" + meant)], _run.Read("m").Problems.Select(p => (p.Rule, string.Join("|", p.Arguments))));

        // A warning does not read the model again.
        _run.Run(TaskRun.Item("m.onnx", (name, "Auto")));
        Assert.Empty(_run.Messages);
        _run.Run("m.onnx");
        Assert.Empty(_run.Read("m").Problems);
    }

    [Fact]
    public void What_two_items_of_one_model_say_counts_together()
    {
        _run.Add("models/m.onnx", new TinyModel().ToBytes());
        ListModels task = _run.Run(TaskRun.Item("models/m.onnx", ("Access", "public"), ("Cores", "4")), TaskRun.Spelled("models\\m.onnx", ("Cores", "4"), ("Outputs", "a%3Bb;y"), ("Acess", "x")));
        Assert.Single(task.Listings);
        ModelListing listing = _run.Read("models.m");
        Assert.Equal(("public", "a;b|y"), (listing.Options.Access, string.Join('|', listing.Options.Outputs)));
        Assert.Equal([new("Cores", "4")], listing.Options.Settings);
        Assert.Equal(["CLV2015"], listing.Problems.Select(p => p.Rule.Id));
    }

    [Fact]
    public void Two_items_of_one_model_that_contradict_each_other_are_an_error()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run(TaskRun.Item("m.onnx", ("Cores", "4")), TaskRun.Item("m.onnx", ("cores", "2")));
        Problem problem = Assert.Single(_run.Read("m").Problems);
        Assert.Equal(Rules.BadMetadata, problem.Rule);
        Assert.Equal("The model 'm.onnx' has the item metadata Cores=\"2\"; another item of the same model says Cores=\"4\": leave one of them out.", problem.Message("m.onnx"));

        _run.Run(TaskRun.Item("m.onnx", ("Cores", "4")), TaskRun.Item("m.onnx"));
        Assert.Empty(_run.Read("m").Problems);
    }
}
