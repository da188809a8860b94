using System.Net;
using System.Net.Sockets;
using Wagi.Hosting.Supervision;
using Wagi.Runtime.Composition;
using Wagi.Runtime.Configuration;
using Wagi.Runtime.Serving;

namespace Wagi.Runtime.Development;

/// <summary>A project that is built and served until somebody has enough of it.</summary>
/// <param name="folder">Its folder, as the user named it.</param>
/// <param name="project">What it is at the start.</param>
/// <param name="options">How it is served.</param>
/// <param name="terminal">Where everything is shown.</param>
internal sealed class DevSession(string folder, DevProject project, ServeOptions options, DevTerminal terminal) : IDisposable
{
    private readonly ReloadGate _gate = new();
    private readonly CancellationTokenSource _ending = new();
    private BuildLoop? _builds;
    private WagiServer? _server;

    /// <summary>Builds, and then serves and builds until <paramref name="stopping"/> or <c>q</c>.</summary>
    /// <exception cref="IOException">An address cannot be listened at, or the cache directory cannot be used.</exception>
    /// <exception cref="LoopEndedException">Nothing is served any more.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        foreach (var address in (ReadOnlySpan<IPEndPoint>)[options.Listen, options.Admin])
        {
            CheckFree(address);
        }

        using var stop = stopping.Register(_ending.Cancel);
        using var builds = _builds = new BuildLoop(folder, project, _gate, terminal);
        try
        {
            await builds.BeginAsync(_ending.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        using var loggers = LoggerFactory.Create(logging =>
        {
            options.Log.Filter(logging);
            logging.AddProvider(new DevLog(terminal, options.Log.Level));
        });
        await using var server = _server = new WagiServer(options with { Gate = _gate }, loggers);
        var serving = server.RunAsync(_ending.Token);
        var building = builds.RunAsync(_ending.Token);
        await Task.WhenAny(serving, building);
        await _ending.CancelAsync();
        await building.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await serving;
        if (building.IsFaulted)
        {
            await building;
        }
    }

    /// <summary>Does what a key stands for.</summary>
    public void Press(char key)
    {
        switch (char.ToLowerInvariant(key))
        {
            case 'o':
                OpenConsole();
                break;
            case 'r':
                _builds?.Ask();
                break;
            case 'q':
                _ending.Cancel();
                break;
        }
    }

    /// <summary>The server would say the same, when the build has ended.</summary>
    private static void CheckFree(IPEndPoint address)
    {
        try
        {
            using var listener = new TcpListener(address);
            listener.Start();
        }
        catch (SocketException exception)
        {
            throw new UnusableAddressException(address, exception);
        }
    }

    private void OpenConsole()
    {
        if (_server?.ConsoleUrl is not { Length: > 0 } url)
        {
            terminal.Say("the console is there when the first build has ended");
        }
        else if (!Browser.TryOpen(url))
        {
            terminal.Say($"there is no browser here; the console is at {url}");
        }
    }

    public void Dispose() => _ending.Dispose();
}
