using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Hosting.Supervision;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Instance;
using Wagi.Operator.LeaderElection;
using Wagi.Operator.Tests.Loops;
using Wagi.TestCluster;

namespace Wagi.Operator.Tests.LeaderElection;

/// <summary>A leader with the times of a cluster, on a clock that stands still, and an API server that stops to answer.</summary>
public sealed class RenewDeadlineTests : IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly LeaseServer _server = new();
    private readonly LeaderTerm _term;
    private readonly ApiServerClient _client;
    private readonly LeaderElectionOptions _options = new() { Lease = new ObjectKey("wagi-system", "wagi-operator"), Identity = "one" };
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<CancellationToken> _leads = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _work = Task.CompletedTask;

    public RenewDeadlineTests()
    {
        _term = new LeaderTerm(_time);
        _client = new ApiServerClient(
            OperatorApplication.FieldManager, new KubernetesClientConfiguration { Host = "http://127.0.0.1:1" }, new LeaderWrites(_term), _server);
    }

    [Fact]
    public async Task WritesOfALeader_AreCancelled_BeforeItsLeaseRunsOut_ThoughTheRenewalHangs()
    {
        var writes = await LeadAsync();
        _server.Hangs = true;

        _time.Advance(_options.RenewDeadline - TimeSpan.FromSeconds(0.1));
        Assert.False(writes.IsCancellationRequested);
        _time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.True(writes.IsCancellationRequested);
        Assert.True(_options.RenewDeadline < _options.LeaseDuration);
    }

    /// <summary>A process that was stopped for a while has no timer that comes before its next write.</summary>
    [Fact]
    public async Task WriteOfALeader_WhoseTimeIsOver_IsNotSent_ThoughNothingHasCancelledIt()
    {
        await LeadAsync();
        Assert.Equal("written", await WriteAsync());
        _server.Hangs = true;
        _time.Advance(_options.RenewDeadline);
        _server.Hangs = false;

        Assert.Equal("this instance does not lead any more", await WriteAsync());
        Assert.Equal(1, _server.OtherWrites);

        async Task<string> WriteAsync()
        {
            try
            {
                await _client.MergeAsync(
                    "/apis/wagi.dev/v1alpha1/namespaces/team/wagimodules/leases/status", [], ResourcesJsonContext.Default.JsonElement, isSecret: false, CancellationToken.None);
                return "written";
            }
            catch (HttpRequestException exception)
            {
                return exception.Message;
            }
        }
    }

    [Fact]
    public async Task DeadlineOfALeader_BeginsBeforeItsRequest_NotWithALateAnswer()
    {
        _server.Hangs = true;
        var leading = LeadAsync();
        await Eventually.Becomes(() => _server.Hanging, hanging => hanging == 1);
        _time.Advance(TimeSpan.FromSeconds(3));
        _server.LastWrite = 1;
        _server.Answer();
        var writes = await leading;

        _time.Advance(_options.RenewDeadline - TimeSpan.FromSeconds(3));

        Assert.True(writes.IsCancellationRequested);
    }

    [Fact]
    public async Task RenewalThatHangs_IsGivenUp_InTimeForAnother()
    {
        var writes = await LeadAsync();
        _server.Hangs = true;
        _time.Advance(_options.RetryPeriod);
        await Eventually.Becomes(() => _server.Hanging, hanging => hanging == 1);
        _server.Hangs = false;

        _time.Advance(_options.RequestTimeout);

        await Eventually.Becomes(() => _server.Writes, writes => writes == 2);
        Assert.False(writes.IsCancellationRequested);
    }

    public async ValueTask DisposeAsync()
    {
        _server.LastWrite = int.MaxValue;
        _server.Answer();
        await _stop.CancelAsync();
        await _work;
        _client.Dispose();
        _server.Dispose();
        _stop.Dispose();
    }

    /// <summary>Lets it lead, and returns the token of its writes.</summary>
    private Task<CancellationToken> LeadAsync()
    {
        var elector = new LeaderElector(_client, _options, _term, _time, NullLogger<LeaderElector>.Instance);
        _work = elector.RunAsync(
            async leading =>
            {
                _leads.TrySetResult(leading);
                await Task.Delay(Timeout.Infinite, leading);
            },
            new LoopProgress(_time), _stop.Token);
        return _leads.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    /// <summary>An API server with one Lease.</summary>
    private sealed class LeaseServer : DelegatingHandler
    {
        private TaskCompletionSource _answers = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile JsonNode? _lease;
        private int _hanging;
        private int _writes;
        private int _otherWrites;

        /// <summary>Whether requests from now on are not answered before <see cref="Answer"/>.</summary>
        public volatile bool Hangs;

        /// <summary>After how many writes it does not answer any more.</summary>
        public volatile int LastWrite = int.MaxValue;

        /// <summary>Requests that are not answered.</summary>
        public int Hanging => Volatile.Read(ref _hanging);

        /// <summary>How often the Lease was taken or renewed.</summary>
        public int Writes => Volatile.Read(ref _writes);

        /// <summary>Writes of anything else.</summary>
        public int OtherWrites => Volatile.Read(ref _otherWrites);

        public void Answer()
        {
            Hangs = false;
            Interlocked.Exchange(ref _answers, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (Hangs || Writes >= LastWrite)
            {
                var answers = _answers.Task;
                Interlocked.Increment(ref _hanging);
                await answers.WaitAsync(cancellationToken);
            }

            if (!request.RequestUri!.AbsolutePath.StartsWith("/apis/coordination.k8s.io/", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _otherWrites);
                return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
            }

            if (request.Content is not null)
            {
                var written = JsonNode.Parse(await request.Content.ReadAsStringAsync(cancellationToken))!;
                written["metadata"]!["resourceVersion"] = $"{Interlocked.Increment(ref _writes)}";
                written["metadata"]!["name"] = "wagi-operator";
                _lease = written;
            }

            return new HttpResponseMessage(_lease is null ? HttpStatusCode.NotFound : HttpStatusCode.OK)
            {
                Content = new StringContent(_lease?.ToJsonString() ?? "{}", Encoding.UTF8, "application/json"),
            };
        }
    }
}
