using System;
using Cleave.Generated;
using Cleave.Sources;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Sessions;

/// <summary>The ONNX bytes of one segment, written from the file that is held.</summary>
internal static class SubModel
{
    public static byte[] Write(OpenedModel model, Segment segment, WeightLoading weights, SessionOptions options) =>
        throw new NotImplementedException();
}
