using System.Net;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Planning;
using Wagi.Operator.Reconciling;
using Wagi.Operator.Tests.Loops;
using Wagi.Operator.Tests.Planning;

namespace Wagi.Operator.Tests.Reconciling;

/// <summary>An API server that does not take the ConfigMap because of some entries.</summary>
public sealed class RefusedEntriesTests
{
    private const string Module = "registry.example/hello@" + Scenario.Digest1;

    private readonly ManualTime _time = new();
    private readonly List<Plan> _written = [];
    private string[] _refuses = ["/bad1", "/bad2"];
    private int _attempts;

    [Theory]
    [InlineData(HttpStatusCode.UnprocessableEntity)]
    [InlineData(HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(HttpStatusCode.BadRequest)]
    public async Task EntriesThatAreRefused_AreToldSo_AndAllOthersAreWritten(HttpStatusCode status)
    {
        var scenario = new Scenario().With("bad1", "/bad1", Module).With("bad2", "/bad2", Module);
        foreach (var i in Enumerable.Range(0, 100))
        {
            scenario.With($"good{i}", $"/good{i}", Module);
        }

        var plan = await WriteAsync(new RefusedEntries(_time), scenario, status);

        Assert.Equal(plan.Toml, _written[^1].Toml);
        Assert.Equal(100, plan.Verdicts.Count(verdict => verdict.Condition(ConditionType.Programmed)!.Status == ConditionStatus.True));
        Assert.Equal("cannot have /bad1", plan.Verdict("bad1").Expect(ConditionType.Accepted, "False", ConditionReason.InvalidSpec));
        Assert.InRange(_attempts, 2, 30);
    }

    [Fact]
    public async Task ServedModuleWhoseChangeIsRefused_KeepsItsLastGoodVersion()
    {
        var scenario = new Scenario().With("hello", "/good", Module);
        var served = scenario.Plan().Verdict("hello").Entry;

        var plan = await WriteAsync(new RefusedEntries(_time), scenario.Edit("hello", spec => spec with { Route = "/bad1" }));

        Assert.Equal(served!.Revision, plan.Verdict("hello").Entry!.Revision);
    }

    [Fact]
    public async Task RefusedEntry_IsNotTriedAgain_ForSomeMinutes()
    {
        var entries = new RefusedEntries(_time);
        var scenario = new Scenario().With("bad1", "/bad1", Module).With("good", "/good", Module);
        await WriteAsync(entries, scenario);
        _attempts = 0;

        await WriteAsync(entries, scenario);
        Assert.Equal(1, _attempts);

        _time.Advance(RefusedEntries.Memory);
        _refuses = [];
        var plan = await WriteAsync(entries, scenario);
        Assert.NotNull(plan.Verdict("bad1").Entry);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(+1)]
    public async Task RefusedEntry_IsTriedAgain_AfterThoseMinutes_WhateverTheTimeOfDay(int days)
    {
        var entries = new RefusedEntries(_time);
        var scenario = new Scenario().With("bad1", "/bad1", Module).With("good", "/good", Module);
        await WriteAsync(entries, scenario);

        _time.Jump(TimeSpan.FromDays(days));
        Assert.NotEmpty(entries.Current);
        _time.Advance(RefusedEntries.Memory);
        Assert.Empty(entries.Current);
    }

    [Fact]
    public async Task RefusalOfEverything_EndsTheSearch()
    {
        _refuses = ["/"];
        var scenario = new Scenario();
        foreach (var i in Enumerable.Range(0, 500))
        {
            scenario.With($"good{i}", $"/good{i}", Module);
        }

        await WriteAsync(new RefusedEntries(_time), scenario);

        Assert.InRange(_attempts, 2, 70);
    }

    [Theory]
    [InlineData(HttpStatusCode.Forbidden)]
    [InlineData(HttpStatusCode.Conflict)]
    [InlineData(HttpStatusCode.InternalServerError)]
    public async Task OtherAnswers_SayNothingAboutEntries(HttpStatusCode status)
    {
        var scenario = new Scenario().With("bad1", "/bad1", Module);

        await Assert.ThrowsAsync<ApiServerException>(() => WriteAsync(new RefusedEntries(_time), scenario, status));

        Assert.Equal(1, _attempts);
    }

    private Task<Plan> WriteAsync(RefusedEntries entries, Scenario scenario, HttpStatusCode status = HttpStatusCode.UnprocessableEntity)
    {
        var input = scenario.Input() with { Refused = entries.Current };
        return entries.WriteAsync(input, Planner.Plan(input), plan =>
        {
            _attempts++;
            if (_refuses.FirstOrDefault(route => plan.Toml.Contains($"route = \"{route}", StringComparison.Ordinal)) is { } route)
            {
                throw new ApiServerException(status, "Invalid", $"cannot have {route}");
            }

            _written.Add(plan);
            return Task.CompletedTask;
        });
    }
}
