using Cleave.TestKit;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>A processor with AVX2 and without VNNI adds two products of bytes in 16 bits: weights of 7 bits fit, those of 8 do not.</summary>
public sealed class Avx2Tests(Avx2Errors errors) : IClassFixture<Avx2Errors>
{
    [SkippableTheory]
    [InlineData(Avx2Errors.Dynamic)]
    [InlineData("static")]
    [InlineData("blocks")]
    [InlineData("LSTM forward")]
    [InlineData("LSTM bidirectional")]
    public void Weights_of_7_bits_err_as_stated_there(string form)
    {
        Skip.IfNot(EmulatedProcessor.IsThere, EmulatedProcessor.WhyAbsent);

        Assert.InRange(errors.Here(form), 1e-6, 0.02);
        Assert.InRange(errors.There(form), 0, 1.1 * errors.Here(form));
    }

    [SkippableFact]
    public void Those_of_8_bits_saturate_there()
    {
        Skip.IfNot(EmulatedProcessor.IsThere, EmulatedProcessor.WhyAbsent);

        // Half of each sum is lost.
        Assert.InRange(errors.There(Avx2Errors.EightBits), 0.1, 1);
    }
}
