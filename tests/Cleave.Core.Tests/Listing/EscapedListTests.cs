using Cleave.Core.Listing;
using Xunit;

namespace Cleave.Core.Tests.Listing;

/// <summary>Names as item metadata and options write them.</summary>
public sealed class EscapedListTests
{
    [Theory]
    [InlineData("")]
    [InlineData(" ; ;")]
    [InlineData("a; /b/c ;;d", "a", "/b/c", "d")]
    [InlineData("a%3Bb;c%3bd", "a;b", "c;d")]
    [InlineData("a%253Bb", "a%3Bb")]
    [InlineData("100%;%4;%zz", "100%", "%4", "%zz")]
    public void Entries_are_cut_first_and_unescaped_then(string text, params string[] entries) => Assert.Equal(entries, EscapedList.Read(text));
}
