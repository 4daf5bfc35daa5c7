using System;
using System.Linq;
using Cleave.Core.Cost;
using Xunit;

namespace Cleave.Core.Tests.Cost;

public sealed class CostModelTests
{
    public static TheoryData<string> InstructionSets => [DeviceTables.Avx2, DeviceTables.Avx512, DeviceTables.Neon];

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Every_kernel_has_points_in_every_table_that_ships(string instructionSet)
    {
        DeviceTable table = DeviceTables.Find(instructionSet)!;

        Assert.Empty(Kernel.All.Select(k => k.Name).Except(table.Points.Select(p => p.Kernel)));
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Every_prediction_is_finite_and_positive_for_sizes_from_one_to_huge(string instructionSet)
    {
        CostModel model = new(DeviceTables.Find(instructionSet)!);

        foreach (Kernel kernel in Kernel.All)
        {
            foreach (double size in new[] { 1, 7, 64, 1000, 65536.0 })
            {
                double[] sizes = [.. kernel.Sizes.Select(_ => size)];
                foreach (int threads in new[] { 1, 2, 8 })
                {
                    double time = model.Predict(new Work(kernel.Name, sizes), threads);
                    Assert.True(double.IsFinite(time) && time > 0, $"{kernel.Name} of {size} with {threads} threads: {time}");
                }
            }
        }
    }

    [Fact]
    public void Where_the_table_has_a_point_the_prediction_is_its_time()
    {
        DeviceTable table = DeviceTables.Find(DeviceTables.Avx2)!;
        CostModel model = new(table);
        double node = table.Points.Single(p => p.Kernel == "node").Nanoseconds[0];

        foreach (DevicePoint point in table.Points.Where(p => p.Nanoseconds[0] > 2 * node))
            Assert.Equal(1, model.Predict(new Work(point.Kernel, point.Sizes), 1) / point.Nanoseconds[0], 0.01);
    }

    [Fact]
    public void A_kernel_many_times_over_costs_the_node_once()
    {
        CostModel model = new(DeviceTables.Find(DeviceTables.Avx2)!);
        double node = model.Predict(Work.Node, 1), one = model.Predict(new Work("matmul", [64, 64, 64]), 1);

        Assert.Equal(node + (8 * (one - node)), model.Predict(new Work("matmul", [64, 64, 64], 8), 1), 1e-6);
    }

    [Fact]
    public void More_threads_than_were_measured_follow_from_those_that_were()
    {
        CostModel model = new(Table("""
            gemm 64 256 256 = 100000 60000
            gemm 1 64 64 = 1000 1000
            """));
        Work large = new("gemm", [64, 256, 256]), small = new("gemm", [1, 64, 64]);

        // Amdahl: 60 of 100 with two threads are 20 % that stay serial.
        Assert.Equal(0.2 + (0.8 / 4), (model.Predict(large, 4) - 100) / (model.Predict(large, 1) - 100), 0.01);
        Assert.Equal(model.Predict(small, 1), model.Predict(small, 4), 1);
    }

    [Theory]
    // Packrat's published times in milliseconds with 2, 4, 8 and 16 threads of what takes 1 with one (BERT and ResNet-50 at batch 256, Inception-v3 and BERT at 32).
    [InlineData(0.5174, 0.2809, 0.1751, 0.1266)]
    [InlineData(0.5099, 0.2774, 0.1733, 0.1231)]
    [InlineData(0.5136, 0.2814, 0.1591, 0.1126)]
    [InlineData(0.5302, 0.3099, 0.2170, 0.1759)]
    public void What_two_threads_gain_tells_what_sixteen_do_as_published(double two, double four, double eight, double sixteen)
    {
        WorkTime time = new(0, [1, 2], [1, two]);

        Assert.Equal(1, time.At(4) / four, 0.15);
        Assert.Equal(1, time.At(8) / eight, 0.30);
        Assert.Equal(1, time.At(16) / sixteen, 0.35);
    }

    [Fact]
    public void What_is_larger_than_anything_measured_is_shared_as_the_largest()
    {
        CostModel model = new(Table("""
            gemm 1 256 256 = 10000 12000
            gemm 16 256 256 = 100000 80000
            gemm 64 256 256 = 400000 200000
            """));

        Assert.Equal(Share(64), Share(1 << 20), 0.01);

        double Share(double rows) => model.Predict(new Work("gemm", [rows, 256, 256]), 2) / model.Predict(new Work("gemm", [rows, 256, 256]), 1);
    }

    [Fact]
    public void More_threads_never_take_longer_than_the_most_that_were_measured()
    {
        WorkTime time = new(10, [1, 2, 16], [1000, 500, 62]);

        Assert.Equal([1010, 510, 72, 72], new[] { 1, 2, 16, 64 }.Select(time.At));
        Assert.InRange(time.At(8), 72, 510);
    }

    [Fact]
    public void Threads_fetch_weights_each_for_its_part()
    {
        CostModel model = new(Table("""
            gemm 1 512 512 = 30000 30000
            weights 1 1048576 = 30000 15000
            weights 1 67108864 = 6000000 3000000
            weights 64 1048576 = 400000 200000
            weights 64 67108864 = 25600000 12800000
            """));
        Work product = new("gemm", [1, 512, 512]) { Weights = 1 << 20 };
        Company company = new(1, 64 << 20);

        double distance = model.Predict(product, 1, company) - model.Predict(product, 1);

        Assert.Equal(distance / 2, model.Predict(product, 2, company) - model.Predict(product, 2), distance / 100);
    }

    [Fact]
    public void Weights_that_others_push_away_take_longer()
    {
        CostModel model = new(Table("""
            gemm 1 512 512 = 30000 30000
            weights 1 1048576 = 30000 30000
            weights 1 67108864 = 6000000 6000000
            weights 64 1048576 = 400000 400000
            weights 64 67108864 = 25600000 25600000
            """));
        Work product = new("gemm", [1, 512, 512]) { Weights = 1 << 20 };

        // Alone as measured; among 64 MB three times as long, as the chain of them did.
        Assert.Equal(30000, model.Predict(product, 1), 1);
        Assert.Equal(30000, model.Predict(product, 1, new Company(1, 1 << 20)), 1);
        Assert.InRange(model.Predict(product, 1, new Company(1, 64 << 20)), 90000, 96000);
    }

    [Fact]
    public void A_kernel_that_the_table_lacks_is_an_error_not_a_zero()
    {
        CostModel model = new(Table("gemm 1 64 64 = 1000 1000"));

        Assert.Throws<InvalidOperationException>(() => model.Predict(new Work("softmax", [8, 8]), 1));
    }

    private static DeviceTable Table(string points)
    {
        using System.IO.StringReader text = new("cleave-device 1\nname test\nblock 8\ncall 1000\nhand-off 100\nthreads 1 2\nnode 1 = 100 100\n" + points);
        return DeviceTableText.Read(text);
    }
}
