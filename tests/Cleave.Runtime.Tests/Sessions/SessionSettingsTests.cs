using Cleave.Generated;
using Cleave.Runtime.Tests.Support;
using Cleave.Sessions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Runtime.Tests.Sessions;

/// <summary>How ONNX Runtime keeps the memory of runs.</summary>
public sealed class SessionSettingsTests
{
    private static readonly Segment Whole = new("Whole", "*", [], []);

    [Fact]
    public void Memory_patterns_are_off_where_shapes_vary_but_for_short_calls()
    {
        Assert.True(Pattern(Definitions.Of(Models.Times(2))));
        Assert.False(Pattern(Definitions.Of(Models.Bert())));
        Assert.False(Pattern(Definitions.Of(Models.AnyShape())));
        Assert.True(Pattern(Definitions.Of(Models.Bert()).With(Predicted(300, 900))));
        Assert.False(Pattern(Definitions.Of(Models.Bert()).With(Predicted(300, 1100))));

        static bool Pattern(ModelDefinition definition)
        {
            using SessionOptions options = new();
            Settings(definition).Apply(options, threads: 1);
            return options.EnableMemoryPattern;
        }
    }

    [Fact]
    public void Callers_of_short_calls_do_not_share_an_arena()
    {
        ModelDefinition bert = Definitions.Of(Models.Bert());
        Assert.False(Arena(Settings(bert.With(Predicted(300, 900))), Whole));
        // Large blocks of the C library go back to the system.
        Assert.True(Arena(Settings(bert.With(Predicted(300, 1100))), Whole));
        Assert.True(Arena(Settings(bert), Whole));
        // One request at a time, or one lane.
        Assert.True(Arena(Settings(bert.With(Predicted(300, 900))), Whole, threads: 2));
        Assert.True(Arena(Settings(bert.With(Predicted(300, 900))), new Segment("S0", "0-3", [], [])));
        Assert.True(Arena(Settings(bert.With(Predicted(300, 900)), isMember: true), Whole));

        static bool Arena(SessionSettings settings, Segment segment, int threads = 1)
        {
            using SessionOptions options = new();
            settings.Apply(options, threads);
            settings.ShareAmongCallers(options, segment, threads);
            return options.EnableCpuMemArena;
        }
    }

    /// <summary>What the application says counts; so it must see what there is to change.</summary>
    [Theory]
    [InlineData(900)]
    [InlineData(1100)]
    public void An_application_sees_whether_a_session_has_an_arena(double microseconds)
    {
        bool? arena = null;
        RunnerOptions options = new() { Cores = 1, ConfigureSession = (session, _) => arena = session.EnableCpuMemArena };
        using LooseRunner runner = LooseRunner.Of(Definitions.Of(Models.Times(2)).With(Predicted(300, microseconds)), Models.Times(2), options);
        Assert.Equal(microseconds > 1000, arena);
    }

    private static SessionSettings Settings(ModelDefinition definition, bool isMember = false) => new(definition, new RunnerOptions(), isMember, NullLogger.Instance);

    private static PredictedTimes Predicted(double shorter, double longer) => new([1, 2], new PredictedTime(10, 1, shorter, 40), new PredictedTime(100, 1, longer, 40));
}
