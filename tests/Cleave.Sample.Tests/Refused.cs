using PageReader.Imaging;
using Xunit;

namespace Cleave.Sample.Tests;

internal static class Refused
{
    /// <summary>The one clear error that reading gives: one line, no exception of another kind.</summary>
    public static string Message(Action read)
    {
        ImageException refusal = Assert.Throws<ImageException>(read);
        Assert.DoesNotContain('\n', refusal.Message);
        return refusal.Message;
    }

    /// <summary>What reading takes until it refuses, in bytes, on this thread.</summary>
    public static long Memory(Action read)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Message(read);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
