using System.Runtime.InteropServices;
using Wagi.TestCluster;
using Wagi.TestCluster.Kubernetes;
using Wagi.TestCluster.Kubernetes.Node;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Registry;

if (args is [RefusedIoctl.Verb, var number, .. { Length: > 0 } program] && uint.TryParse(number, out var ioctl))
{
    RefusedIoctl.Become(ioctl, program);
}

if (args is not ["up"] and not ["up", "--node"])
{
    Console.Error.WriteLine(
        """
        usage: wagi-test-cluster up           a Kubernetes control plane and a registry, until Ctrl-C
               wagi-test-cluster up --node    a whole cluster with one node, and a registry, until Ctrl-C; as root
               wagi-test-cluster refuse-ioctl NUMBER PROGRAM [ARGUMENT...]    the program, on a kernel without that ioctl
        """);
    return 64;
}

var whole = args.Length > 1;
if ((whole ? KubernetesNode.WhyMissing : TestTools.WhyMissing(ControlPlane.Programs)) is { } reason)
{
    Console.Error.WriteLine(reason);
    return 1;
}

if (TestTools.WhyMissing(RegistryServer.Program) is { } noRegistry)
{
    Console.Error.WriteLine(noRegistry);
    return 1;
}

using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    await using var node = whole ? await KubernetesNode.StartAsync(stop.Token) : null;
    await using var single = whole ? null : await ControlPlane.StartAsync(stop.Token);
    var options = node is null ? new RegistryOptions() : new RegistryOptions { Host = node.HostAddress };
    await using var registry = await RegistryServer.StartAsync(options, stop.Token);
    var controlPlane = node?.ControlPlane ?? single!;
    Console.WriteLine($"# Kubernetes {controlPlane.ServerVersion}; Ctrl-C ends it and deletes everything");
    Console.WriteLine($"export KUBECONFIG={controlPlane.KubeconfigPath}");
    Console.WriteLine($"export WAGI_REGISTRY={registry.Address}");
    if (node is not null) Console.WriteLine($"alias on-node='{node.EnterCommand}'");
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
