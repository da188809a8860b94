using System.Collections.Concurrent;
using System.Diagnostics;

namespace Wagi.TestCluster.Processes;

/// <summary>
/// Starts processes that do not outlive this one, however it ends: util-linux's <c>setpriv --pdeathsig</c> has the kernel kill them.
/// Without that program they live on when this process is killed.
/// </summary>
public static class ChildProcess
{
    // What xunit takes for Assert.Skip (DynamicSkipToken), so that a test is told by what it does and not by what it is called.
    private const string Skip = "$XunitDynamicSkip$";

    private static readonly BlockingCollection<Action> Starts = [];

    // The kernel sends the signal when the *thread* that started the child ends, and pool threads come and go:
    // so one thread starts them all and stays.
    private static readonly Lazy<Thread> Starter = new(() =>
    {
        var thread = new Thread(() =>
        {
            foreach (var start in Starts.GetConsumingEnumerable()) start();
        })
        { IsBackground = true, Name = "child process starter" };
        thread.Start();
        return thread;
    });

    private static readonly string? Setpriv = TestTools.Find("setpriv");

    /// <summary>Starts <paramref name="info"/>; the process id is the program's own, because <c>setpriv</c> turns into it.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">The program is not there or cannot be started.</exception>
    /// <exception cref="TestToolFailedException">No test may start a process now; xunit skips the test.</exception>
    public static Process Start(ProcessStartInfo info)
    {
        if (TestTools.WhyNoProcess is { } reason)
        {
            throw new TestToolFailedException(Skip + reason);
        }

        if (Setpriv is not null && Path.IsPathFullyQualified(info.FileName) && File.Exists(info.FileName))
        {
            string[] wrapped = ["--pdeathsig", "KILL", "--", info.FileName];
            for (var i = 0; i < wrapped.Length; i++) info.ArgumentList.Insert(i, wrapped[i]);
            info.FileName = Setpriv;
        }

        _ = Starter.Value;
        var started = new TaskCompletionSource<Process>();
        Starts.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(info)!);
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        });
        return started.Task.GetAwaiter().GetResult();
    }
}
