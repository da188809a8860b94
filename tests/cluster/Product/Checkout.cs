namespace Wagi.TestCluster.Product;

/// <summary>Places in the checkout.</summary>
public static class Checkout
{
    /// <summary>The top folder: where the solution is.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The runtime as <c>make publish</c> made it.</summary>
    public static string Wagi { get; } = Path.Combine(Root, "artifacts", "wagi", "wagi");

    /// <summary>The operator as <c>make publish</c> made it.</summary>
    public static string Operator { get; } = Path.Combine(Root, "artifacts", "wagi-operator", "wagi-operator");

    /// <summary>The container image of one of our programs as <c>make images</c> made it: <c>wagi</c>.</summary>
    public static string Image(string name) => Path.Combine(Root, "artifacts", "images", $"{name}-linux-x64.tar");

    /// <summary>The generated CRDs.</summary>
    public static string Crds { get; } = Path.Combine(Root, "crds");

    /// <summary>A compiled sample: <c>hello-c</c>; null when its toolchain is not on this machine.</summary>
    public static string? Sample(string name)
    {
        var path = Path.Combine(Root, "artifacts", "samples", name + ".wasm");
        return File.Exists(path) ? path : null;
    }

    /// <summary>Why there is no such compiled sample, in the words of <c>samples/build</c>, or null when there is.</summary>
    public static string? WhyNoSample(string name)
    {
        if (Sample(name) is not null)
        {
            return null;
        }

        var reason = Path.Combine(Root, "artifacts", "samples", ".skipped", name);
        return File.Exists(reason) ? File.ReadAllText(reason).Trim() : $"the sample {name} is not built: run 'samples/build {name}'";
    }

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "WagiOperator.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new DirectoryNotFoundException("the checkout is not above the test program");
    }
}
