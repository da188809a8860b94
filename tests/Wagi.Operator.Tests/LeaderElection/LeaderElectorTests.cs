using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Hosting.Supervision;
using Wagi.Kubernetes.ApiServer;
using Wagi.Operator.Instance;
using Wagi.Operator.LeaderElection;
using Wagi.Operator.Planning;
using Wagi.Operator.Tests.Cluster;
using Wagi.TestCluster;

namespace Wagi.Operator.Tests.LeaderElection;

public sealed class LeaderElectorTests(ClusterFixture cluster)
{
    [Fact]
    public async Task OfTwoInstances_OneLeads_AndTheOtherTakesOverAtOnce_WhenItStops()
    {
        using var client = new ApiServerClient(OperatorApplication.FieldManager, Kubeconfig.Load((await cluster.ControlPlaneAsync()).KubeconfigPath, null));
        var lease = new ObjectKey("default", $"l-{Guid.NewGuid():N}");
        await using var first = new Candidate(client, lease, "first");
        await Eventually.Becomes(() => first.Leads, leads => leads);
        await using var second = new Candidate(client, lease, "second");
        await Eventually.Becomes(() => second.Looks > 2, looked => looked);
        Assert.False(second.Leads);

        await first.StopAsync();

        // Less than the duration of the lease: it was given back.
        await Eventually.Becomes(() => second.Leads, leads => leads, TimeSpan.FromSeconds(3));
        Assert.False(first.Leads);
    }

    [Fact]
    public async Task LeaderThatVanishes_IsReplaced_WhenItsLeaseHasRunOut()
    {
        var kubeconfig = (await cluster.ControlPlaneAsync()).KubeconfigPath;
        var wire = new Wire();
        using var client = new ApiServerClient(OperatorApplication.FieldManager, Kubeconfig.Load(kubeconfig, null), wire);
        using var other = new ApiServerClient(OperatorApplication.FieldManager, Kubeconfig.Load(kubeconfig, null));
        var lease = new ObjectKey("default", $"l-{Guid.NewGuid():N}");
        await using var first = new Candidate(client, lease, "first");
        await Eventually.Becomes(() => first.Leads, leads => leads);
        await using var second = new Candidate(other, lease, "second");

        await Eventually.Becomes(() => second.Looks > 1, looked => looked);

        // It can neither renew nor give back.
        wire.IsCut = true;

        await Eventually.Becomes(() => first.Leads, leads => !leads);
        Assert.False(second.Leads, "two leaders at once");
        await Eventually.Becomes(() => second.Leads, leads => leads);
    }

    [Fact]
    public async Task EmptyLease_IsTaken_AndKeepsItsLabels()
    {
        var controlPlane = await cluster.ControlPlaneAsync();
        using var client = new ApiServerClient(OperatorApplication.FieldManager, Kubeconfig.Load(controlPlane.KubeconfigPath, null));
        var lease = new ObjectKey("default", $"l-{Guid.NewGuid():N}");
        await controlPlane.ApplyAsync($$"""
            apiVersion: coordination.k8s.io/v1
            kind: Lease
            metadata:
              name: {{lease.Name}}
              namespace: {{lease.Namespace}}
              labels: { app.kubernetes.io/managed-by: Helm }
            """);

        await using (var candidate = new Candidate(client, lease, "one"))
        {
            await Eventually.Becomes(() => candidate.Leads, leads => leads);
        }

        using var stored = await controlPlane.GetJsonAsync($"apis/coordination.k8s.io/v1/namespaces/default/leases/{lease.Name}");
        var labels = stored!.RootElement.GetProperty("metadata").GetProperty("labels");
        Assert.Equal("Helm", labels.GetProperty("app.kubernetes.io/managed-by").GetString());
        Assert.Equal(1, stored.RootElement.GetProperty("spec").GetProperty("leaseDurationSeconds").GetInt32());
    }

    [Fact]
    public async Task WorkThatEndsByItself_EndsTheElection_AndGivesTheLeaseBack()
    {
        var controlPlane = await cluster.ControlPlaneAsync();
        using var client = new ApiServerClient(OperatorApplication.FieldManager, Kubeconfig.Load(controlPlane.KubeconfigPath, null));
        var lease = new ObjectKey("default", $"l-{Guid.NewGuid():N}");
        var elector = new LeaderElector(
            client, new LeaderElectionOptions { Lease = lease, Identity = "one" }, new LeaderTerm(TimeProvider.System), TimeProvider.System, NullLogger<LeaderElector>.Instance);

        var failed = await Assert.ThrowsAsync<ArithmeticException>(
            () => elector.RunAsync(_ => Task.FromException(new ArithmeticException("a mistake")), new LoopProgress(TimeProvider.System), TestContext.Current.CancellationToken));
        Assert.Equal("a mistake", failed.Message);
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => elector.RunAsync(_ => Task.CompletedTask, new LoopProgress(TimeProvider.System), TestContext.Current.CancellationToken));

        using var stored = await controlPlane.GetJsonAsync($"apis/coordination.k8s.io/v1/namespaces/default/leases/{lease.Name}");
        Assert.Equal("", stored!.RootElement.GetProperty("spec").GetProperty("holderIdentity").GetString());
    }

    /// <summary>The way to the API server, which can be cut.</summary>
    private sealed class Wire : DelegatingHandler
    {
        public volatile bool IsCut;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            IsCut ? throw new HttpRequestException("cut") : base.SendAsync(request, cancellationToken);
    }

    /// <summary>One that runs for leadership with short times.</summary>
    private sealed class Candidate : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly CountingTime _time = new();
        private readonly Task _work;
        private int _leads;

        public Candidate(ApiServerClient client, ObjectKey lease, string identity)
        {
            var options = new LeaderElectionOptions
            {
                Lease = lease,
                Identity = identity,
                LeaseDuration = TimeSpan.FromSeconds(6),
                RenewDeadline = TimeSpan.FromSeconds(2),
                RetryPeriod = TimeSpan.FromMilliseconds(200),
            };
            var elector = new LeaderElector(client, options, new LeaderTerm(_time), _time, NullLogger<LeaderElector>.Instance);
            _work = elector.RunAsync(LeadAsync, new LoopProgress(_time), _stop.Token);
        }

        public bool Leads => Volatile.Read(ref _leads) == 1;

        /// <summary>How often it looked at the lease without leading: one timer for the request's time-out, one for the pause after it.</summary>
        public int Looks => _time.Timers / 2;

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _work;
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            _stop.Dispose();
        }

        private async Task LeadAsync(CancellationToken cancellationToken)
        {
            Interlocked.Exchange(ref _leads, 1);
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            finally
            {
                Interlocked.Exchange(ref _leads, 0);
            }
        }
    }

    private sealed class CountingTime : TimeProvider
    {
        private int _timers;

        public int Timers => Volatile.Read(ref _timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Increment(ref _timers);
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
