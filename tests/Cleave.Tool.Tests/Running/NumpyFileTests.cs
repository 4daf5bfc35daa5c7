using System;
using System.IO;
using System.Text;
using Cleave.Tool.Running;
using Xunit;

namespace Cleave.Tool.Tests.Running;

public sealed class NumpyFileTests
{
    [Theory]
    [InlineData("9223372036854775807, 3, 0")]
    [InlineData("0, 4294967296, 4294967296")]
    public void Sizes_that_no_array_can_have_are_refused(string shape)
    {
        using TempFolder folder = new();
        string path = Path.Combine(folder.Path, "x.npy");
        byte[] header = Encoding.ASCII.GetBytes("{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }\n");
        File.WriteAllBytes(path, [0x93, .. "NUMPY"u8, 1, 0, .. BitConverter.GetBytes((ushort)header.Length), .. header]);
        Assert.Contains("too large", Assert.Throws<RefusedException>(() => NumpyFile.Read(path)).Message);
    }
}
