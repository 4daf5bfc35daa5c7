using System;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Lanes;

/// <summary>Lane methods that do not fit together are refused, with the lane and the value; none leaves anybody waiting.</summary>
public sealed class BrokenPlanTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Value _x = Value.Tensor<float>("x", 1, 16);
    private readonly Value _a = Value.Tensor<float>("a", 1, 16);
    private readonly Value _b = Value.Tensor<float>("b", 1, 16);
    private readonly Value _y = Value.Tensor<float>("y", 1, 16);
    private Segment _left;
    private Segment _right;
    private Segment _join;

    public BrokenPlanTests() => NewSegments();

    [Theory]
    [InlineData(0)]
    [InlineData(3, 0)]
    [InlineData(-1, 0)]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(2, -1)]
    public void A_table_that_holds_no_statement_is_refused(params int[] table)
    {
        SplitModel model = new(Towers.Model(), new Plan("TwoLanes", [_left, _right, _join], lane => lane.Follow([_left], [_b], table), _ => { }));
        ArgumentException e = Assert.Throws<ArgumentException>(() => model.Runner());
        Assert.StartsWith("A table of statements has no statement at position 0", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_Send() => Refused("waits for the value 'b', which no lane sends", ReceiveAndJoin, lane => lane.Run(_right));

    [Fact]
    public void A_missing_Receive() => Refused("runs the segment 'Join' before it has made or received the value 'b'",
        lane =>
        {
            lane.Run(_left);
            lane.Run(_join);
        },
        RunAndSend);

    [Fact]
    public void Two_Run_exchanged() => Refused("runs the segment 'Join' before it has made or received the value 'a'",
        lane =>
        {
            lane.Receive(_b);
            lane.Run(_join);
            lane.Run(_left);
        },
        RunAndSend);

    [Fact]
    public void A_Send_before_its_Run() => Refused("has Send(b) before it has made that value", ReceiveAndJoin,
        lane =>
        {
            lane.Send(_b);
            lane.Run(_right);
        });

    [Fact]
    public void A_value_sent_twice() => Refused("'b' is sent twice", ReceiveAndJoin,
        lane =>
        {
            lane.Run(_right);
            lane.Send(_b);
            lane.Send(_b);
        });

    [Fact]
    public void Lanes_that_wait_for_each_other() => Refused("wait for each other: lane 0 (",
        lane =>
        {
            lane.Receive(_b);
            lane.Run(_left);
            lane.Send(_a);
            lane.Run(_join);
        },
        lane =>
        {
            lane.Receive(_a);
            RunAndSend(lane);
        });

    [Fact]
    public void A_segment_that_runs_twice_or_never()
    {
        Refused("the segment 'Right' runs twice", ReceiveAndJoin, lane =>
        {
            lane.Run(_right);
            RunAndSend(lane);
        });
        Refused("no lane runs the segment 'Right'", lane => lane.Run(_left));
    }

    [Fact]
    public void A_segment_of_another_plan()
    {
        Segment other = new("Other", "0", [_x], [_a]);
        Refused("runs the segment 'Other', which is not one of the plan", lane => lane.Run(other), RunAndSend);
    }

    [Fact]
    public void Values_that_nobody_or_two_segments_write()
    {
        Value c = Value.Tensor<float>("c", 1, 16);
        Refused(new Plan("P", [_left, new("R", "2-3", [c], [_b])], _ => { }), "the output 'y'");
        Refused(new Plan("P", [new("L", "0-1", [_x], [_a]), new("R", "2-3", [_x], [_a])], _ => { }), "two segments write the value 'a'");
        Refused(new Plan("P", [new("L", "0-1", [c], [_a]), new("J", "4", [_a], [_y])], _ => { }), "reads the value 'c', which no segment writes");
    }

    [Fact]
    public void A_lane_that_does_not_do_the_same_again_is_named_with_the_value()
    {
        bool skips = false;
        SplitModel model = new(Towers.Model(), new Plan("TwoLanes", [_left, _right, _join], Trunk, Side));
        using LooseRunner runner = model.Runner();
        using LooseCall call = runner.CreateCall((ref _) => { });
        for (int i = 0; i < 3; i++)
        {
            skips = true;
            CleaveException e = Assert.Throws<CleaveException>(() => call.Run());
            Assert.Equal("CLV4010", e.Id);
            Assert.Matches(@"lane 1 \(.*Side.*\) ended where Send\(b\) stood", e.Message);
            skips = false;
            call.Run();
        }

        void Trunk(Lane lane) => ReceiveAndJoin(lane);

        void Side(Lane lane)
        {
            lane.Run(_right);
            if (!skips)
                lane.Send(_b);
        }
    }

    [Fact]
    public async Task A_lane_that_does_not_go_on_fails_the_request()
    {
        using ManualResetEventSlim gate = new(true);
        SplitModel model = new(Towers.Model(), new Plan("TwoLanes", [_left, _right, _join], ReceiveAndJoin, Side));
        using LooseRunner runner = model.Runner();
        runner.Engine.Modes.Planned.LaneSettings.StallStep = TimeSpan.FromMilliseconds(20);
        using LooseCall call = runner.CreateCall((ref _) => { });
        gate.Reset();
        Task run = OwnThread.Run(() => call.Run());
        // The request has failed; it ends when the lane, which uses its buffers, does.
        try
        {
            using CancellationTokenSource end = new(Patience);
            while (!call.Buffers.Lanes.IsStopped)
                await Task.Delay(1, end.Token);
        }
        finally
        {
            // Whatever the test finds: disposing the runner waits for the lane.
            gate.Set();
        }
        CleaveException e = await Assert.ThrowsAsync<CleaveException>(() => run.WaitAsync(Patience));
        Assert.Equal("CLV4010", e.Id);
        Assert.Matches(@"lane 0 \(ReceiveAndJoin\) waited .* s for the value 'b', and no lane goes on", e.Message);
        call.Run();

        void Side(Lane lane)
        {
            lane.Run(_right);
            gate.Wait();
            lane.Send(_b);
        }
    }

    [Fact]
    public void What_a_lane_method_throws_itself_comes_out()
    {
        bool throws = false;
        SplitModel model = new(Towers.Model(), new Plan("TwoLanes", [_left, _right, _join], ReceiveAndJoin, Side));
        using LooseRunner runner = model.Runner();
        using LooseCall call = runner.CreateCall((ref _) => { });
        throws = true;
        Assert.Throws<NotSupportedException>(() => call.Run());
        throws = false;
        call.Run();

        void Side(Lane lane)
        {
            if (throws)
                throw new NotSupportedException();
            RunAndSend(lane);
        }
    }

    private void ReceiveAndJoin(Lane lane)
    {
        lane.Run(_left);
        lane.Receive(_b);
        lane.Run(_join);
    }

    private void RunAndSend(Lane lane)
    {
        lane.Run(_right);
        lane.Send(_b);
    }

    // A segment belongs to one plan.
    [System.Diagnostics.CodeAnalysis.MemberNotNull(nameof(_left), nameof(_right), nameof(_join))]
    private void NewSegments()
    {
        _left = new("Left", "0-1", [_x], [_a]);
        _right = new("Right", "2-3", [_x], [_b]);
        _join = new("Join", "4", [_a, _b], [_y]);
    }

    private void Refused(string why, params Action<Lane>[] lanes)
    {
        NewSegments();
        Refused(new Plan("Broken", [_left, _right, _join], lanes), why);
    }

    private static void Refused(Plan plan, string why)
    {
        ModelProto model = Towers.Model();
        CleaveException e = Assert.Throws<CleaveException>(() => new SplitModel(model, plan).Runner());
        Assert.Equal("CLV4010", e.Id);
        Assert.Contains(why, e.Message);
        Assert.Contains("'" + plan.Name + "' of 'models/test.onnx'", e.Message);
    }
}
