using System;
using System.Linq;
using Cleave.Core.Ensembles;
using Cleave.Core.Passes.Partitions;
using Xunit;

namespace Cleave.Core.Tests.Ensembles;

/// <summary>Copies for accelerators that have no member.</summary>
public sealed class IdleAcceleratorsTests
{
    private static AllocationProblem Problem(int accelerators, long memory, params long[] weights) => new(
        [.. Enumerable.Range(0, accelerators).Select(d => EnsembleDevice.Accelerator("cuda:" + d, memory)), EnsembleDevice.Cpu(1_000_000, 2)],
        [.. weights.Select((w, m) => new MemberMemory("m" + m, w, 1))]);

    private static AllocationMatrix Filled(AllocationProblem problem, params double[] work) => IdleAccelerators.Fill(problem, WorstFitDecreasing.Place(problem).Matrix, work);

    private static int Copies(AllocationMatrix matrix, int model) => Enumerable.Range(0, matrix.Devices).Count(d => matrix[d, model].Count > 0);

    [Fact]
    public void One_model_is_on_every_accelerator()
    {
        AllocationMatrix filled = Filled(Problem(16, 1000, 100), 1);
        Assert.Equal(16, Copies(filled, 0));
        Assert.Equal(0, filled[16, 0].Count);
    }

    [Fact]
    public void The_member_with_the_most_work_for_each_copy_gets_one_more()
    {
        AllocationMatrix filled = Filled(Problem(7, 1000, 100, 100, 100), 6, 1, 3);
        Assert.Equal((4, 1, 2), (Copies(filled, 0), Copies(filled, 1), Copies(filled, 2)));
    }

    [Fact]
    public void What_has_no_room_is_not_copied()
    {
        AllocationProblem problem = new(
            [EnsembleDevice.Accelerator("large", 1000), EnsembleDevice.Accelerator("middle", 600), EnsembleDevice.Accelerator("small", 200)], [new("m0", 900, 1), new("m1", 500, 1)]);
        AllocationMatrix filled = Filled(problem, 10, 1);
        Assert.All(Enumerable.Range(0, 2), m => Assert.Equal(0, filled[2, m].Count));
    }

    [Fact]
    public void Random_matrices_stay_valid_lose_nothing_and_leave_no_accelerator_empty_that_a_member_fits()
    {
        SeededRandom random = new(5);
        for (int i = 0; i < 300; i++)
        {
            AllocationProblem problem = Problem(1 + random.Below(5), 200 + random.Below(800), [.. Enumerable.Range(0, 1 + random.Below(4)).Select(_ => 1L + random.Below(900))]);
            AllocationMatrix before = WorstFitDecreasing.Place(problem).Matrix;
            AllocationMatrix after = Filled(problem, [.. problem.Models.Select(_ => random.Fraction())]);
            Assert.True(problem.IsValid(after));
            for (int d = 0; d < problem.Devices.Count; d++)
            {
                bool wasEmpty = Enumerable.Range(0, before.Models).All(m => before[d, m].Count == 0);
                bool fits = problem.Models.Any(m => m.Of(problem.Devices[d].Choices[0]) <= problem.Devices[d].Memory);
                int now = Enumerable.Range(0, before.Models).Count(m => after[d, m].Count > 0);
                if (wasEmpty && !problem.Devices[d].IsCpu)
                    Assert.Equal(fits ? 1 : 0, now);
                else
                    Assert.All(Enumerable.Range(0, before.Models), m => Assert.Equal(before[d, m], after[d, m]));
            }
        }
    }
}
