using System.IO;
using System.Linq;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Sessions;
using Xunit;

namespace Cleave.Runtime.Tests.Sessions;

/// <summary>The process's mappings are counted once for a plan, and those of its segments are added up beside them.</summary>
public sealed class MappingCountTests
{
    [Fact]
    public void A_plans_own_mappings_are_not_the_processs()
    {
        string root = Directory.CreateTempSubdirectory("cleave-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(root, "proc/sys/vm"));
            Directory.CreateDirectory(Path.Combine(root, "proc/self"));
            File.WriteAllText(Path.Combine(root, "proc/sys/vm/max_map_count"), "40\n");
            Write(6);
            Value x = Value.Tensor<float>("x", 1), a = Value.Tensor<float>("a", 1), y = Value.Tensor<float>("y", 1);
            Segment first = new("First", "0", [x], [a]), second = new("Second", "1", [a], [y]);
            _ = new Plan("Two", [first, second], lane =>
            {
                lane.Run(first);
                lane.Run(second);
            });
            MappingCount count = new(new ProcessFiles(root));

            Assert.False(count.IsTooMany(first, 2));
            // The first segment's, and what comes meanwhile.
            Write(9);
            Assert.False(count.IsTooMany(second, 2));
            Assert.Equal((6, 4), (count.Present, count.Own));
            // Opened again.
            Assert.True(count.IsTooMany(first, 2));
            Assert.Equal((9, 2), (count.Present, count.Own));
            Assert.True(count.IsTooMany(second, 2));
            Assert.Equal((9, 4), (count.Present, count.Own));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }

        void Write(int lines) => File.WriteAllText(Path.Combine(root, "proc/self/maps"), string.Concat(Enumerable.Repeat("7f0000000000-7f0000001000 r--p 00000000 00:00 0\n", lines)));
    }
}
