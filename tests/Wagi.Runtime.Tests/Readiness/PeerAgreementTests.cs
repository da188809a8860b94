using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Wagi.Modules.Status;
using Wagi.Runtime.Readiness;

namespace Wagi.Runtime.Tests.Readiness;

public sealed class PeerAgreementTests
{
    private readonly FakeTimeProvider _time = new() { AutoAdvanceAmount = TimeSpan.Zero };
    private readonly Queue<RuntimeStatus?> _answers = new();
    private int _asked;

    private static ModuleStatus Module(ModuleState state, string revision = "1", string reason = ModuleReason.RegistryUnreachable) => new()
    {
        Id = "team/hello",
        Revision = revision,
        State = state,
        Reason = state == ModuleState.Failed ? reason : ModuleReason.Ready,
        Message = state == ModuleState.Failed ? "no route" : "",
        Since = DateTimeOffset.UnixEpoch,
        Route = "/hello",
        Module = "file:hello.wasm",
    };

    private static RuntimeStatus Status(params ModuleStatus[] modules) => new()
    {
        Version = "1",
        Ready = true,
        Configuration = new ConfigurationStatus { Path = "modules.toml", ReadAt = DateTimeOffset.UnixEpoch, Problems = [] },
        Modules = [.. modules],
    };

    private PeerAgreement Agreement() => new(
        _ =>
        {
            _asked++;
            return Task.FromResult(_answers.Count > 1 ? _answers.Dequeue() : _answers.Peek());
        },
        _time,
        NullLogger<PeerAgreement>.Instance);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task NothingFailedHere_NobodyIsAsked()
    {
        await Agreement().WaitAsync(() => Status(Module(ModuleState.Ready)), Cancellation);

        Assert.Equal(0, _asked);
    }

    [Fact]
    public async Task ModuleServedElsewhere_KeepsTheRuntimeWaitingUntilItIsServedHere()
    {
        var own = Status(Module(ModuleState.Failed));
        _answers.Enqueue(Status(Module(ModuleState.Ready)));
        var agreement = Agreement();
        var waiting = agreement.WaitAsync(() => own, Cancellation);

        for (var i = 0; i < 10; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.False(waiting.IsCompleted);
        }

        Assert.Equal(
            "module team/hello failed here (RegistryUnreachable) and is served by another runtime: no route", agreement.Obstacle);
        own = Status(Module(ModuleState.Ready));
        _time.Advance(TimeSpan.FromSeconds(1));
        await waiting.WaitAsync(Cancellation);
        Assert.Null(agreement.Obstacle);
    }

    public static TheoryData<string> ReasonsThatTimeDoesNotHeal =>
    [
        .. typeof(ModuleReason).GetFields().Select(constant => (string)constant.GetValue(null)!)
            .Except([ModuleReason.Ready, ModuleReason.Loading, ModuleReason.SecretsPending, ModuleReason.RegistryUnreachable, ModuleReason.PullFailed]),
    ];

    [Theory]
    [MemberData(nameof(ReasonsThatTimeDoesNotHeal))]
    public async Task FailureOfTheTenantsOwn_KeepsNobodyWaiting_ThoughAnotherRuntimeServesTheModule(string reason)
    {
        _answers.Enqueue(Status(Module(ModuleState.Ready)));

        await Agreement().WaitAsync(() => Status(Module(ModuleState.Failed, reason: reason)), Cancellation).WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
    }

    [Theory]
    [InlineData(ModuleReason.RegistryUnreachable)]
    [InlineData(ModuleReason.PullFailed)]
    public async Task RegistryThatStaysDown_KeepsTheRuntimeWaiting_ForTwoMinutes(string reason)
    {
        _answers.Enqueue(Status(Module(ModuleState.Ready)));
        var agreement = Agreement();
        var waiting = agreement.WaitAsync(() => Status(Module(ModuleState.Failed, reason: reason)), Cancellation);

        for (var i = 0; i < 120; i++)
        {
            Assert.False(waiting.IsCompleted);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        await waiting.WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
        Assert.Null(agreement.Obstacle);
    }

    [Fact]
    public async Task RegistryThatComesBackWithoutTheModule_KeepsNobodyWaiting()
    {
        var own = Status(Module(ModuleState.Failed));
        _answers.Enqueue(Status(Module(ModuleState.Ready)));
        var waiting = Agreement().WaitAsync(() => own, Cancellation);
        Assert.False(waiting.IsCompleted);

        own = Status(Module(ModuleState.Failed, reason: ModuleReason.NotFound));
        _time.Advance(TimeSpan.FromSeconds(1));

        await waiting.WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
    }

    public static TheoryData<string, RuntimeStatus?> PeersThatKeepNobodyWaiting => new()
    {
        { "failed there too", Status(Module(ModuleState.Failed)) },
        { "another revision is served there", Status(Module(ModuleState.Ready, revision: "2")) },
        { "not known there", Status() },
        { "nobody answers", null },
    };

    [Theory]
    [MemberData(nameof(PeersThatKeepNobodyWaiting), DisableDiscoveryEnumeration = true)]
    public async Task FailureThatOthersShare_IsAgreedAfterThreeAnswers(string peer, RuntimeStatus? answer)
    {
        Assert.NotEmpty(peer);
        _answers.Enqueue(answer);
        var waiting = Agreement().WaitAsync(() => Status(Module(ModuleState.Failed)), Cancellation);

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));

        await waiting.WaitAsync(Cancellation);
        Assert.Equal(3, _asked);
    }

    [Fact]
    public async Task AnswersInARow_StartOverWhenOneOfThemServesIt()
    {
        _answers.Enqueue(null);
        _answers.Enqueue(null);
        _answers.Enqueue(Status(Module(ModuleState.Ready)));
        _answers.Enqueue(null);
        var waiting = Agreement().WaitAsync(() => Status(Module(ModuleState.Failed)), Cancellation);

        for (var i = 0; i < 5; i++)
        {
            Assert.False(waiting.IsCompleted);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        await waiting.WaitAsync(Cancellation);
        Assert.Equal(6, _asked);
    }
}
