using System.Linq;
using Cleave.Ensembles;
using Cleave.Modes;
using Xunit;

namespace Cleave.Runtime.Tests.Ensembles;

public sealed class HelpChoiceTests
{
    private const double Members = 40e-6;

    private readonly HelpChoice _choice = new(new RunnerTimes(HelpChoice.Ways, planned: 0, static _ => 1).Of([]));

    [Fact]
    public void Small_members_are_not_handed_over_where_that_takes_longer() =>
        Assert.True(Helped(helped: 45e-6, byItself: 40e-6) < 0.1);

    [Fact]
    public void They_are_where_it_is_faster() =>
        Assert.True(Helped(helped: 25e-6, byItself: 40e-6) > 0.9);

    [Fact]
    public void What_is_best_is_found_again_where_it_changes()
    {
        Helped(helped: 45e-6, byItself: 40e-6);

        Assert.True(Helped(helped: 25e-6, byItself: 40e-6) > 0.5);
    }

    [Fact]
    public void Requests_that_meet_others_go_by_what_was_found_alone()
    {
        Helped(helped: 45e-6, byItself: 40e-6);

        Assert.Equal(0, _choice.Begin(helpers: 3, Members, isAlone: false));
        Assert.False(_choice.IsCompared);
    }

    [Fact]
    public void Large_members_are_handed_over_and_never_tried_otherwise()
    {
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(3, _choice.Begin(helpers: 3, members: 5e-3, isAlone: true));
            Assert.False(_choice.IsCompared);
        }
    }

    [Fact]
    public void Where_no_thread_is_free_nothing_is_compared()
    {
        Assert.Equal(0, _choice.Begin(helpers: 0, Members, isAlone: true));
        Assert.Equal(-1, _choice.Begin(helpers: -1, Members, isAlone: true));
        Assert.False(_choice.IsCompared);
    }

    // Of 2,000 requests that take so long, helped or not, the part of the last thousand that was helped.
    private double Helped(double helped, double byItself)
    {
        bool[] requests = new bool[2000];
        for (int i = 0; i < requests.Length; i++)
        {
            requests[i] = _choice.Begin(helpers: 1, Members, isAlone: true) > 0;
            Assert.True(_choice.IsCompared);
            _choice.End(requests[i] ? helped : byItself);
        }
        return requests.Skip(1000).Average(static h => h ? 1.0 : 0);
    }
}
