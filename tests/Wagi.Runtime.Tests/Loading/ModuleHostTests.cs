using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Wagi.Hosting.Supervision;
using Wagi.Modules.Configuration;
using Wagi.Modules.Secrets;
using Wagi.Modules.Status;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Readiness;
using Wagi.Runtime.Sources;

namespace Wagi.Runtime.Tests.Loading;

/// <summary>The loop that brings what is loaded to what is desired, with loads that end as the test says.</summary>
public sealed class ModuleHostTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeLoader _loader = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ModuleHost _host;
    private Task _loop = Task.CompletedTask;
    private LoopProgress? _progress;

    public ModuleHostTests() => _host = new ModuleHost(_loader, agreement: null, _time, NullLogger<ModuleHost>.Instance);

    public ValueTask InitializeAsync()
    {
        _progress = new LoopProgress(_time);
        _loop = Task.Run(() => _host.RunAsync(_progress, _stopping.Token));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private async Task StopAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        await _stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _loop);
        await _host.DisposeAsync();
    }

    private void Apply(params string[] entries) => Apply(string.Concat(entries));

    private void Apply(string toml) => Apply(toml, ImmutableDictionary<string, ModuleSecrets>.Empty);

    private void Apply(string toml, ImmutableDictionary<string, ModuleSecrets> secrets) => _host.Apply(new DesiredModules
    {
        Path = "modules.toml",
        File = ModulesTomlReader.Read(toml, "modules.toml"),
        Digest = "sha256:" + new string('1', 64),
        ReadAt = _time.GetUtcNow(),
        Secrets = secrets,
        CanHaveSecrets = !secrets.IsEmpty,
    });

    private static string Entry(string id, string route, string module = "hello.wasm") =>
        $"[[module]]\nid = \"{id}\"\nroute = \"{route}\"\nmodule = \"{module}\"\n";

    /// <summary>The first status that fits.</summary>
    private async Task<RuntimeStatus> StatusAsync(Func<RuntimeStatus, bool> fits)
    {
        var found = new TaskCompletionSource<RuntimeStatus>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look(RuntimeStatus status)
        {
            if (fits(status))
            {
                found.TrySetResult(status);
            }
        }

        _host.StatusChanged += Look;
        if (_host.Status is { } now)
        {
            Look(now);
        }

        try
        {
            return await found.Task.WaitAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            _host.StatusChanged -= Look;
        }
    }

    private async Task<ModuleStatus> StatusAsync(string id, ModuleState state) =>
        (await StatusAsync(status => status.Modules.Any(module => module.Id == id && module.State == state))).Modules.Single(module => module.Id == id);

    private string? Answering(string path) => _host.Routes.TryMatch("", path, out var target) ? target.Module.Entry.Id : null;

    /// <summary>Lets time pass, and waits for the turn that the loop takes at each pulse.</summary>
    private async Task AdvanceAsync(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += ModuleHost.Pulse)
        {
            _time.Advance(ModuleHost.Pulse);
            while (_progress!.Silence > TimeSpan.Zero)
            {
                await Task.Yield();
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    private void ApplyWithCredentials(string toml, string credentials, string version = "1") => Apply(
        toml + $"secrets_version = \"{version}\"\n",
        ImmutableDictionary<string, ModuleSecrets>.Empty.Add("a", new ModuleSecrets { Version = "1", DockerConfigs = [credentials] }));

    [Fact]
    public async Task OtherRevision_OrOtherSpelling_OfTheSameMeaning_IsReported_AndLoadsNothing()
    {
        Apply(Entry("a", "/a") + "timeout = \"60s\"\nrevision = \"1\"\n");
        (await _loader.NextAsync("a")).Succeed();
        await StatusAsync("a", ModuleState.Ready);

        Apply("# another version wrote this\n[[module]]\nrevision = '2'\ntimeout = \"1m\"\nmodule = \"hello.wasm\"\nroute = \"/a\"\nid = \"a\"\n");

        var status = await StatusAsync(status => status.Modules.Any(module => module.Revision == "2"));
        Assert.Equal(ModuleState.Ready, Assert.Single(status.Modules).State);
        Assert.Equal(0, _loader.Waiting("a"));
    }

    [Fact]
    public async Task RotatedCredentials_LoadNothing_AndAreUsedByTheNextLoad()
    {
        ApplyWithCredentials(Entry("a", "/a") + "revision = \"1\"\n", "old");
        (await _loader.NextAsync("a")).Succeed();
        await StatusAsync("a", ModuleState.Ready);

        ApplyWithCredentials(Entry("a", "/a") + "revision = \"2\"\n", "new");

        await StatusAsync(status => status.Modules.Any(module => module.Revision == "2"));
        Assert.Equal(0, _loader.Waiting("a"));
        _host.Reload("a");
        Assert.Equal(["new"], (await _loader.NextAsync("a")).Secrets!.DockerConfigs);
    }

    [Fact]
    public async Task LoadThatFailed_IsTriedAtOnce_WithCredentialsThatHaveJustCome()
    {
        ApplyWithCredentials(Entry("a", "/a"), "expired");
        (await _loader.NextAsync("a")).Fail(new ModuleSourceException(ModuleReason.Unauthorized, "refused"));
        await StatusAsync("a", ModuleState.Failed);

        ApplyWithCredentials(Entry("a", "/a"), "new");

        var load = await _loader.NextAsync("a");
        Assert.Equal(["new"], load.Secrets!.DockerConfigs);
        load.Succeed();
        await StatusAsync("a", ModuleState.Ready);
    }

    [Fact]
    public async Task Entry_IsServed_OnceItIsLoaded()
    {
        Apply(Entry("a", "/a"));
        await StatusAsync("a", ModuleState.Loading);
        Assert.Null(Answering("/a"));

        (await _loader.NextAsync("a")).Succeed("/x");

        var ready = await StatusAsync("a", ModuleState.Ready);
        Assert.Equal(["/a", "/a/x"], ready.Routes);
        Assert.Equal("a", Answering("/a/x"));
        Assert.True(_host.Status!.Ready);
    }

    [Fact]
    public async Task SlowLoad_DelaysNoOther()
    {
        Apply(Entry("slow", "/slow"), Entry("quick", "/quick"));
        await _loader.NextAsync("slow");

        (await _loader.NextAsync("quick")).Succeed();

        await StatusAsync("quick", ModuleState.Ready);
        Assert.Equal("quick", Answering("/quick"));
        Assert.False(_host.Status!.Ready);
    }

    [Fact]
    public async Task Replacement_IsServedBeforeTheOldVersionIsReleased()
    {
        Apply(Entry("a", "/a"));
        var old = (await _loader.NextAsync("a")).Succeed();
        await StatusAsync("a", ModuleState.Ready);

        Apply(Entry("a", "/a", "new.wasm"));
        await StatusAsync("a", ModuleState.Loading);
        Assert.Equal("a", Answering("/a"));
        Assert.Equal(0, old.Disposals);
        var next = (await _loader.NextAsync("a")).Succeed();
        await StatusAsync("a", ModuleState.Ready);

        await old.Disposed.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, next.Disposals);
    }

    /// <summary>Its load ends after it was removed, and what it had before is on its way out already.</summary>
    [Fact]
    public async Task ModuleThatIsRemovedWhileItLoads_IsReleasedOnce()
    {
        Apply(Entry("a", "/a"));
        var old = (await _loader.NextAsync("a")).Succeed();
        await StatusAsync("a", ModuleState.Ready);
        Apply(Entry("a", "/a", "new.wasm"));
        var load = await _loader.NextAsync("a");

        // The route goes to another entry, which is slow: the old module answers until then.
        Apply(Entry("b", "/a"));
        await StatusAsync("b", ModuleState.Loading);
        Assert.True(load.IsGivenUp);
        var late = load.Succeed();
        await late.Disposed.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal("a", Answering("/a"));
        Assert.Equal(0, old.Disposals);

        (await _loader.NextAsync("b")).Succeed();
        await StatusAsync("b", ModuleState.Ready);
        Assert.Equal("b", Answering("/a"));
        await old.Disposed.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, old.Disposals);
        Assert.Equal(1, late.Disposals);
    }

    /// <summary>The last good version of a module that failed loses its routes for a while: that it failed stays true.</summary>
    [Fact]
    public async Task FailedLoad_IsStillReported_AfterAConflictHasComeAndGone()
    {
        Apply(Entry("b", "/b"));
        (await _loader.NextAsync("b")).Succeed();
        await StatusAsync("b", ModuleState.Ready);
        Apply(Entry("b", "/b", "broken.wasm"));
        (await _loader.NextAsync("b")).Fail(new GuestLoadException(ModuleReason.CompileFailed, "not valid"));
        var failed = await StatusAsync("b", ModuleState.Failed);
        Assert.Equal((ModuleReason.CompileFailed, "not valid", "hello.wasm"), (failed.Reason, failed.Message, failed.Serving));

        Apply(Entry("a", "/b"), Entry("b", "/b", "broken.wasm"));
        (await _loader.NextAsync("a")).Succeed();
        await StatusAsync("a", ModuleState.Ready);
        var conflicting = _host.Status!.Modules[1];
        Assert.Equal((ModuleState.Failed, ModuleReason.CompileFailed), (conflicting.State, conflicting.Reason));
        Assert.Contains("route '/b' is taken by module 'a'", conflicting.Message, StringComparison.Ordinal);
        Assert.Null(conflicting.Serving);

        Apply(Entry("b", "/b", "broken.wasm"));
        var after = await StatusAsync(status => status.Modules is [{ Serving: not null }]);
        Assert.Equal(
            (ModuleState.Failed, ModuleReason.CompileFailed, "not valid", "hello.wasm"),
            (after.Modules[0].State, after.Modules[0].Reason, after.Modules[0].Message, after.Modules[0].Serving));
    }

    [Fact]
    public async Task Conflict_EndsWithItsCause()
    {
        Apply(Entry("a", "/x/..."), Entry("b", "/x/..."));
        (await _loader.NextAsync("a")).Succeed();
        (await _loader.NextAsync("b")).Succeed();
        var conflicting = await StatusAsync("b", ModuleState.Failed);
        Assert.Equal((ModuleReason.RouteConflict, "route '/x/...' is taken by module 'a'"), (conflicting.Reason, conflicting.Message));

        Apply(Entry("b", "/x/..."));

        await StatusAsync("b", ModuleState.Ready);
        Assert.Equal("b", Answering("/x"));
    }

    [Fact]
    public async Task SubRouteOfAnotherEntry_IsLeftOut_AndReported_UntilThatEntryIsGone()
    {
        Apply(Entry("greedy", "/x/..."), Entry("b", "/x/b"));
        (await _loader.NextAsync("greedy")).Succeed("/b", "/c");
        (await _loader.NextAsync("b")).Succeed();
        await StatusAsync("b", ModuleState.Ready);
        var greedy = await StatusAsync("greedy", ModuleState.Ready);
        Assert.Equal("sub-route '/x/b' is left out: it belongs to module 'b'", greedy.Message);
        Assert.Equal(["/x/...", "/x/c"], greedy.Routes);
        Assert.Equal("b", Answering("/x/b"));

        Apply(Entry("greedy", "/x/..."));

        var after = await StatusAsync(status => status.Modules is [{ Message: "" }]);
        Assert.Equal(["/x/...", "/x/b", "/x/c"], after.Modules[0].Routes);
        Assert.Equal("greedy", Answering("/x/b"));
    }

    [Fact]
    public async Task WhatThereIsToSayAboutAServedModule_IsReported_WithTheSubRoutesThatAreLeftOut()
    {
        Apply(Entry("greedy", "/x/..."), Entry("b", "/x/b"));
        (await _loader.NextAsync("b")).Succeed();
        await StatusAsync("b", ModuleState.Ready);
        (await _loader.NextAsync("greedy")).SucceedWith("not preinitialized: it has volumes", "/b");

        Assert.Equal(
            "not preinitialized: it has volumes; sub-route '/x/b' is left out: it belongs to module 'b'", (await StatusAsync("greedy", ModuleState.Ready)).Message);

        Apply(Entry("greedy", "/x/..."));

        await StatusAsync(status => status.Modules is [{ Message: "not preinitialized: it has volumes", State: ModuleState.Ready }]);
    }

    [Fact]
    public async Task ManySubRoutesOfOtherEntries_AreReported_InAShortMessage()
    {
        Apply(Entry("greedy", "/x/..."), Entry("b", "/x/b/..."));
        (await _loader.NextAsync("b")).Succeed();
        (await _loader.NextAsync("greedy")).Succeed([.. Enumerable.Range(0, 500).Select(number => $"/b/{number}")]);

        var greedy = await StatusAsync(status => status.Modules.Any(module => module is { Id: "greedy", State: ModuleState.Ready, Message: not "" }));

        var message = greedy.Modules[0].Message;
        Assert.StartsWith("sub-route '/x/b/0' is left out: it belongs to module 'b'; sub-route '/x/b/1' is left out", message, StringComparison.Ordinal);
        Assert.EndsWith("; and 490 more", message, StringComparison.Ordinal);
        Assert.Equal(["/x/..."], greedy.Modules[0].Routes);
    }

    [Fact]
    public async Task FailureThatMayPass_IsTriedAgainAfterAPause()
    {
        Apply(Entry("a", "/a"));
        (await _loader.NextAsync("a")).Fail(new ModuleSourceException(ModuleReason.RegistryUnreachable, "no route") { IsWorthRetrying = true });
        await StatusAsync("a", ModuleState.Failed);

        _time.Advance(TimeSpan.FromSeconds(1));

        (await _loader.NextAsync("a")).Succeed();
        await StatusAsync("a", ModuleState.Ready);
    }

    /// <summary>As a registry that sends a byte from time to time, or a cache whose lock nobody lets go.</summary>
    [Fact]
    public async Task LoadThatHangs_DelaysReadiness_ForTwoMinutes_AndGoesOn()
    {
        Apply(Entry("hanging", "/hanging"), Entry("b", "/b"));
        var hanging = await _loader.NextAsync("hanging");
        (await _loader.NextAsync("b")).Succeed();
        await StatusAsync("b", ModuleState.Ready);

        await AdvanceAsync(StartPatience.Longest - ModuleHost.Pulse);
        Assert.False(_host.Status!.Ready);
        await AdvanceAsync(ModuleHost.Pulse);

        var status = await StatusAsync(status => status.Ready);
        Assert.Equal(ModuleState.Loading, status.Modules[0].State);
        Assert.False(hanging.IsGivenUp);
        hanging.Succeed();
        await StatusAsync("hanging", ModuleState.Ready);
        Assert.Equal("hanging", Answering("/hanging"));
    }

    [Fact]
    public async Task SecretsThatAreNeverMounted_DelayReadiness_ForTwoMinutes()
    {
        ApplyWithCredentials(Entry("a", "/a"), "of another version", version: "2");
        Assert.Equal(ModuleReason.SecretsPending, (await StatusAsync("a", ModuleState.Loading)).Reason);

        await AdvanceAsync(StartPatience.Longest - ModuleHost.Pulse);
        Assert.False(_host.Status!.Ready);
        await AdvanceAsync(ModuleHost.Pulse);

        await StatusAsync(status => status.Ready);
    }

    /// <summary>Each edit gives up the load that is under way.</summary>
    [Fact]
    public async Task ModuleThatIsEditedAllTheTime_DelaysReadiness_ForTwoMinutes()
    {
        for (var i = 0; i < StartPatience.Longest / ModuleHost.Pulse; i++)
        {
            Apply(Entry("a", "/a", $"{i}.wasm"));
            await _loader.NextAsync("a");
            Assert.False(_host.Status is { Ready: true });
            await AdvanceAsync(ModuleHost.Pulse);
        }

        await StatusAsync(status => status.Ready);
    }

    [Fact]
    public async Task ModulesThatAreAddedLater_DelayReadiness_NoLonger()
    {
        var all = Entry("hanging", "/hanging");
        Apply(all);
        for (var i = 0; i < StartPatience.Longest / ModuleHost.Pulse; i++)
        {
            all += Entry($"added{i}", $"/{i}");
            Apply(all);
            (await _loader.NextAsync($"added{i}")).Succeed();
            await StatusAsync($"added{i}", ModuleState.Ready);
            await AdvanceAsync(ModuleHost.Pulse);
        }

        await StatusAsync(status => status.Ready);
    }

    [Fact]
    public async Task ModuleThatIsAddedWhileOthersAreLoaded_IsNotWaitedFor()
    {
        Apply(Entry("a", "/a"));
        var load = await _loader.NextAsync("a");
        Apply(Entry("a", "/a"), Entry("added", "/added"));
        await _loader.NextAsync("added");

        load.Succeed();

        Assert.Equal(ModuleState.Loading, (await StatusAsync(status => status.Ready)).Modules[1].State);
    }

    /// <summary>A cold cache: everything is compiled, one after the other, while older runtimes serve.</summary>
    [Fact]
    public async Task ManyModulesThatAreLoadedOneAfterTheOther_AreAllWaitedFor()
    {
        const int Count = 40;
        Apply([.. Enumerable.Range(0, Count).Select(i => Entry($"m{i}", $"/{i}"))]);
        for (var i = 0; i < Count; i++)
        {
            await AdvanceAsync(StartPatience.ForEach);
            Assert.False(_host.Status!.Ready);
            (await _loader.NextAsync($"m{i}")).Succeed();
            await StatusAsync($"m{i}", ModuleState.Ready);
        }

        await StatusAsync(status => status.Ready);
    }

    [Fact]
    public async Task SyntaxError_KeepsWhatIsServed_AndIsReported()
    {
        Apply(Entry("a", "/a"));
        (await _loader.NextAsync("a")).Succeed();
        await StatusAsync("a", ModuleState.Ready);

        Apply("[[module]]\nid = ");

        await StatusAsync(status => !status.Configuration.Problems.IsEmpty);
        Assert.Equal("a", Answering("/a"));
        Assert.Equal(ModuleState.Ready, Assert.Single(_host.Status!.Modules).State);
    }

    [Fact]
    public async Task GeneratedFile_ThatSomebodyTookAnEntryOutOf_KeepsWhatIsServed_AndIsReported()
    {
        var generated = ChecksumLine.AddTo(Entry("a", "/a") + "\n" + Entry("b", "/b"));
        Apply(generated);
        (await _loader.NextAsync("a")).Succeed();
        (await _loader.NextAsync("b")).Succeed();
        await StatusAsync("a", ModuleState.Ready);
        await StatusAsync("b", ModuleState.Ready);

        Apply(generated[..generated.IndexOf("[[module]]\nid = \"b\"", StringComparison.Ordinal)].Replace("\"/a\"", "\"/c\"", StringComparison.Ordinal));

        var status = await StatusAsync(status => !status.Configuration.Problems.IsEmpty);
        Assert.Contains("was changed after it was generated", Assert.Single(status.Configuration.Problems), StringComparison.Ordinal);
        Assert.Equal([ModuleState.Ready, ModuleState.Ready], status.Modules.Select(module => module.State));
        Assert.Equal(("a", "b", null), (Answering("/a"), Answering("/b"), Answering("/c")));
    }

    /// <summary>The secrets of entries that cannot be read from the file are not read either.</summary>
    [Fact]
    public async Task DamagedFile_LeavesModulesTheirSecrets()
    {
        ApplyWithCredentials(Entry("a", "/a"), "any");
        (await _loader.NextAsync("a")).Succeed();
        await StatusAsync("a", ModuleState.Ready);

        Apply("[[module]]\nid = ");

        var status = await StatusAsync(status => !status.Configuration.Problems.IsEmpty);
        Assert.Equal(ModuleState.Ready, Assert.Single(status.Modules).State);
        ApplyWithCredentials(Entry("a", "/a"), "any");
        await StatusAsync(status => status.Configuration.Problems.IsEmpty);
        Assert.Equal(0, _loader.Waiting("a"));
    }

    [Fact]
    public async Task Loop_CompletesATurn_EvenWhenNothingHappens()
    {
        Apply(Entry("a", "/a"));
        await StatusAsync("a", ModuleState.Loading);
        await AdvanceAsync(ModuleHost.Pulse);
    }

    [Fact]
    public async Task WhatIsLoadedWhileTheHostStops_IsReleased()
    {
        Apply(Entry("a", "/a"));
        var load = await _loader.NextAsync("a");

        await StopAsync();
        var late = load.Succeed();

        await late.Disposed.WaitAsync(TestContext.Current.CancellationToken);
    }
}
