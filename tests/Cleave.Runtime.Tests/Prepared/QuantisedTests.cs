using Cleave.Runtime.Tests.Support;
using Cleave.TestKit.Synthetic;
using Xunit;

namespace Cleave.Runtime.Tests.Prepared;

/// <summary>A model in 8 bits, quantised and taken back around each operator, is prepared as any other, and gives the same bits.</summary>
public sealed class QuantisedTests
{
    private const int Side = 16;

    [Fact]
    public void A_model_in_8_bits_opens_prepared_and_gives_what_it_gives_plainly()
    {
        using PreparedModel model = new(new QuantisedCnn(16, Side).Build());
        Assert.Null(Assert.Single(model.Prepare()).WhyNot);
        using LooseRunner prepared = model.Open(), plain = new(model.Definition(), new() { Model = ModelSource.File(model.Path), Cores = 1 });

        Assert.True(PreparedModel.IsPrepared(prepared));
        Assert.Equal(Run(plain), Run(prepared));
    }

    private static float[] Run(LooseRunner runner)
    {
        using LooseOutput output = runner.Run((ref b) =>
        {
            b.Dim(2);
            b.Copy<float>(0, Onnx.Random(2 * 3 * Side * Side, seed: 3));
        });
        return output.Get<float>(0).Span.ToArray();
    }
}
