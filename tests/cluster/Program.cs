using System.Runtime.InteropServices;
using Wagi.TestCluster;
using Wagi.TestCluster.Kubernetes;
using Wagi.TestCluster.Registry;

if (args is not ["up"])
{
    Console.Error.WriteLine("usage: wagi-test-cluster up    a Kubernetes control plane and a registry, until Ctrl-C");
    return 64;
}

if (TestTools.WhyMissing([.. ControlPlane.Programs, RegistryServer.Program]) is { } reason)
{
    Console.Error.WriteLine(reason);
    return 1;
}

using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    await using var registry = await RegistryServer.StartAsync(cancellationToken: stop.Token);
    await using var controlPlane = await ControlPlane.StartAsync(stop.Token);
    Console.WriteLine($"# Kubernetes {controlPlane.ServerVersion}; Ctrl-C ends it and deletes everything");
    Console.WriteLine($"export KUBECONFIG={controlPlane.KubeconfigPath}");
    Console.WriteLine($"export WAGI_REGISTRY={registry.Address}");
    await Task.Delay(Timeout.Infinite, stop.Token);
}
catch (OperationCanceledException)
{
    // Asked to end.
}
catch (Exception e) when (e is TestToolFailedException or TimeoutException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

return 0;

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}
