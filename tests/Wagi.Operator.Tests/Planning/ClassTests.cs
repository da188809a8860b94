using System.Security.Cryptography;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Status;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Tests.Planning;

/// <summary>What the rules of a class mean for WagiModules.</summary>
public sealed class ClassTests
{
    private const string Module = "ghcr.io/example/hello:v1";

    public static TheoryData<string, WagiClassSpec, WagiModuleSpec> Broken => new()
    {
        { "metadata.namespace: namespace 'shop' is not among those that the class serves (rule spec.namespaces of WagiClass 'shared'; those who may write WagiClasses or Namespaces can change it)",
            new() { Namespaces = new() { MatchLabels = Labels("team", "pay") } }, Spec() },
        { "spec.route: '/hello' is neither '/shop' nor below it", new() { Routes = new() { Mode = "Prefix" } }, Spec("/hello") },
        { "spec.route: '/shopping' is neither '/shop' nor below it", new() { Routes = new() { Mode = "Prefix" } }, Spec("/shopping") },
        { "spec.route: '/...' is neither '/shop' nor below it", new() { Routes = new() { Mode = "Prefix" } }, Spec("/...") },
        { "spec.hosts: is missing; name hosts among 'shop.example.com'", new() { Hosts = ["{namespace}.example.com"] }, Spec() },
        { "spec.hosts: 'pay.example.com' is none of 'shop.example.com'", new() { Hosts = ["{namespace}.example.com"] }, Spec() with { Hosts = ["pay.example.com"] } },
        { "spec.allowedHosts: 'insecure:allow-all' is none of '*://*:*'", new() { AllowedHosts = ["*://*:*"] }, Spec() with { AllowedHosts = ["insecure:allow-all"] } },
        { "spec.allowedHosts: 'https://api.example.com:443' is none of the allowed ones, for there are none", new() { AllowedHosts = [] }, Spec() with { AllowedHosts = ["https://api.example.com"] } },
        { "spec.module: 'ghcr.io/example/hello' is in none of 'ghcr.io/shop'", new() { Registries = ["ghcr.io/{namespace}"] }, Spec() },
        { "spec.module: 'bindle:example.com/hello/1.0.0' is a bindle, and the class names registries or signatures only", new() { Registries = ["*"] }, Spec() with { Module = "bindle:example.com/hello/1.0.0" } },
        { "spec.module: 'bindle:example.com/hello/1.0.0' is a bindle, and none are allowed", new() { BindleServers = [] }, Spec() with { Module = "bindle:example.com/hello/1.0.0" } },
        { "spec.bindleServer: is missing; name one among 'https://bindle.example/v1'", new() { BindleServers = ["https://bindle.example/v1"] },
            Spec() with { Module = "bindle:example.com/hello/1.0.0" } },
        { "spec.bindleServer: 'http://b.example/v1' is none of 'https://bindle.example/v1'", new() { BindleServers = ["https://bindle.example/v1"] },
            Spec() with { Module = "bindle:example.com/hello/1.0.0", BindleServer = "http://b.example/v1" } },
        { "spec.timeout: 1m is more than 30s (rule spec.limits.timeout", new() { Limits = new() { Timeout = new() { Max = "30s" } } }, Spec() with { Timeout = "1m" } },
        { "spec.memoryLimit: 1Gi is more than 256Mi", new() { Limits = new() { MemoryLimit = new() { Max = "256Mi" } } }, Spec() with { MemoryLimit = "1Gi" } },
        { "spec.maxConcurrency: 100 is more than 32", new() { Limits = new() { MaxConcurrency = new() { Max = 32 } } }, Spec() with { MaxConcurrency = 100 } },
        { "spec.httpMaxConcurrency: 100 is more than 32", new() { Limits = new() { HttpMaxConcurrency = new() { Max = 32 } } }, Spec() with { HttpMaxConcurrency = 100 } },
        { "spec.rateLimit: 61/m is more than 1/s (rule spec.limits.rateLimit", new() { Limits = new() { RateLimit = new() { Max = "1/s" } } }, Spec() with { RateLimit = "61/m" } },
        { "spec.passAuthorization: no module may see the credentials of clients (rule spec.passAuthorization", new() { PassAuthorization = false }, Spec() with { PassAuthorization = true } },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void BrokenRule_IsNamed_WithWhoCanChangeIt(string message, WagiClassSpec rules, WagiModuleSpec spec)
    {
        var scenario = Shop(rules).With(Scenario.Module("hello", spec, "shop")).Tag(Module, Scenario.Digest1);

        var accepted = Accepted(scenario.Plan());

        Assert.Equal((ConditionStatus.False, ConditionReason.NotAllowedByClass), (accepted.Status, accepted.Reason));
        Assert.StartsWith(message, accepted.Message, StringComparison.Ordinal);
        Assert.Contains("of WagiClass 'shared'; those who may write WagiClasses", accepted.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("shop/hello", scenario.Toml, StringComparison.Ordinal);
    }

    [Fact]
    public void ModuleWithinAllRules_IsServed_WithTheDefaultsOfTheClass()
    {
        var scenario = Shop(new()
        {
            Namespaces = new() { MatchLabels = Labels("team", "shop") },
            Routes = new() { Mode = "Prefix" },
            Hosts = ["{namespace}.example.com"],
            AllowedHosts = ["https://*.example.com"],
            Registries = ["ghcr.io/example"],
            Limits = new() { Timeout = new() { Default = "10s", Max = "30s" }, MemoryLimit = new() { Max = "256Mi" }, MaxConcurrency = new() { Max = 32 }, RateLimit = new() { Default = "10/m", Max = "10/s" } },
            PassAuthorization = false,
        });
        scenario.With(Scenario.Module(
            "hello", Spec("/shop/hello/...") with { Hosts = ["shop.example.com"], AllowedHosts = ["https://api.example.com"], MaxConcurrency = 8 }, "shop"));

        Assert.Equal(ConditionStatus.True, Accepted(scenario.Tag(Module, Scenario.Digest1).Plan()).Status);

        Assert.Contains("timeout = \"10s\"", scenario.Toml, StringComparison.Ordinal);
        Assert.Contains("memory_limit = \"256Mi\"", scenario.Toml, StringComparison.Ordinal);
        Assert.Contains("max_concurrency = 8", scenario.Toml, StringComparison.Ordinal);
        Assert.Contains("rate_limit = \"10/m\"", scenario.Toml, StringComparison.Ordinal);
        Assert.Contains("requires = [\"rate-limit\"]", scenario.Toml, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/teams/shop", "/teams/shop/hello", true)]
    [InlineData("/teams/shop/", "/teams/shop", true)]
    [InlineData("/", "/anything", true)]
    [InlineData("/teams/shop", "/shop/hello", false)]
    [InlineData("teams", "/shop", false)]
    public void Annotation_ReplacesTheNameAsThePrefix(string annotation, string route, bool accepted)
    {
        var scenario = Shop(new() { Routes = new() { Mode = "Prefix" } }).Namespace("shop", prefix: annotation);
        scenario.With(Scenario.Module("hello", Spec(route), "shop")).Tag(Module, Scenario.Digest1);

        Assert.Equal(accepted ? ConditionStatus.True : ConditionStatus.False, Accepted(scenario.Plan()).Status);
    }

    [Fact]
    public void EditThatBreaksARule_LeavesTheLastGoodVersion()
    {
        var scenario = Served(new() { AllowedHosts = ["https://api.example.com"] });

        scenario.Edit("hello", spec => spec with { AllowedHosts = ["https://evil.example"] });

        Assert.Equal(ConditionReason.NotAllowedByClass, Accepted(scenario.Plan()).Reason);
        Assert.Contains(Scenario.Digest1, scenario.Toml, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", scenario.Toml, StringComparison.Ordinal);
    }

    [Fact]
    public void RuleAboutReach_HoldsForWhatIsServedToo()
    {
        var scenario = Served(new());
        scenario.Edit("hello", spec => spec with { AllowedHosts = ["https://api.example.com"] }).Plan();

        scenario.Rules(new() { AllowedHosts = [] }).Plan();

        Assert.DoesNotContain("shop/hello", scenario.Toml, StringComparison.Ordinal);
    }

    [Fact]
    public void ModuleThatSeesCredentials_IsServedNoMore_OnceTheClassForbidsIt()
    {
        var scenario = Served(new());
        scenario.Edit("hello", spec => spec with { PassAuthorization = true }).Plan();
        Assert.Contains("pass_authorization = true", scenario.Toml, StringComparison.Ordinal);

        scenario.Rules(new() { PassAuthorization = false }).Plan();

        Assert.DoesNotContain("shop/hello", scenario.Toml, StringComparison.Ordinal);
    }

    [Fact]
    public void LoweredBound_LeavesWhatIsServed()
    {
        var scenario = Served(new());
        scenario.Edit("hello", spec => spec with { Timeout = "1m" }).Plan();

        var accepted = Accepted(scenario.Rules(new() { Limits = new() { Timeout = new() { Max = "30s" } } }).Plan());

        Assert.Equal(ConditionReason.NotAllowedByClass, accepted.Reason);
        Assert.Contains("timeout = \"1m\"", scenario.Toml, StringComparison.Ordinal);
    }

    [Fact]
    public void BudgetOfModules_BelongsToTheServed_ThenToTheOldest()
    {
        var scenario = Served(new() { Budget = new() { Modules = 2 } });
        foreach (var (name, age) in new[] { ("old", 9), ("young", 1) })
        {
            scenario.With(Scenario.Module(name, Spec("/" + name), "shop", age));
        }

        scenario.Namespace("pay").With(Scenario.Module("theirs", Spec("/pay"), "pay"));

        var plan = scenario.Plan();

        Assert.Equal(["pay/theirs", "shop/hello", "shop/old"], plan.Verdicts.Where(verdict => verdict.Entry is not null).Select(verdict => verdict.Key.ToString()));
        var refused = plan.Verdicts.Single(verdict => verdict.Key.Name == "young").Condition(ConditionType.Accepted)!;
        Assert.Equal(ConditionReason.BudgetExceeded, refused.Reason);
        Assert.Equal(
            "metadata.namespace: namespace 'shop' has 2 WagiModules that are served and may have 2; remove others " +
            "(rule spec.budget.modules of WagiClass 'shared'; those who may write WagiClasses can change it)",
            refused.Message);

        // As with a ResourceQuota, nobody is thrown out by a smaller budget.
        scenario.Rules(new() { Budget = new() { Modules = 0 } }).Plan();
        Assert.Contains("shop/old", scenario.Toml, StringComparison.Ordinal);
    }

    [Fact]
    public void BudgetOfBytes_BoundsGrowth_AndLetsShrink()
    {
        var scenario = Served(new() { Budget = new() { Bytes = "1Ki" } });

        scenario.Edit("hello", spec => spec with { Argv = new string('a', 2000) });
        var refused = Accepted(scenario.Plan());

        Assert.Equal(ConditionReason.BudgetExceeded, refused.Reason);
        Assert.Matches("take [0-9]+ bytes and may take 1024; remove others", refused.Message);
        Assert.Contains(Scenario.Digest1, scenario.Toml, StringComparison.Ordinal);

        scenario.Edit("hello", spec => spec with { Argv = null });
        Assert.Equal(ConditionStatus.True, Accepted(scenario.Plan()).Status);
    }

    [Fact]
    public void ModuleThatNeedsASignature_IsServedWithTheKeys_OfTheMostSpecificRegistry()
    {
        var scenario = Shop(new()
        {
            Signatures =
            [
                new() { Registries = ["*"], Keys = [new() { Pem = Keys.First }] },
                new() { Registries = ["ghcr.io/example", "ghcr.io"], Keys = [new() { SecretKeyRef = new() { Name = "cosign", Key = "cosign.pub" } }, new() { Pem = Keys.First }] },
            ],
        });
        scenario.Secret("cosign", new() { ["cosign.pub"] = Keys.Second }, ns: "wagi-system");
        scenario.With(Scenario.Module("hello", Spec(), "shop")).Tag(Module, Scenario.Digest1);

        Assert.Equal(ConditionStatus.True, Accepted(scenario.Plan()).Status);

        Assert.Contains($"signature_keys = [\"{Keys.Body(Keys.Second)}\", \"{Keys.Body(Keys.First)}\"]", scenario.Toml, StringComparison.Ordinal);
        Assert.Contains("requires = [\"signature\"]", scenario.Toml, StringComparison.Ordinal);
    }

    [Fact]
    public void RuleWhoseKeysAreMissing_LetsNothingNewPass_AndSaysSo()
    {
        var scenario = Served(new());
        scenario.Rules(new() { Signatures = [new() { Registries = ["ghcr.io"], Keys = [new() { SecretKeyRef = new() { Name = "cosign", Key = "cosign.pub" } }] }] });
        scenario.NoSecret("cosign", "wagi-system").With(Scenario.Module("new", Spec("/new"), "shop"));

        var plan = scenario.Plan();

        Assert.Equal(
            "spec.module: needs a signature, and there is no key to check it with: spec.signatures[0]: Secret wagi-system/cosign does not exist " +
            "(rule spec.signatures[0] of WagiClass 'shared'; those who may write WagiClasses can change it)",
            Accepted(plan).Message);
        Assert.Equal("spec.signatures[0]: Secret wagi-system/cosign does not exist", plan.ClassProblems);
        Assert.Contains("shop/hello", scenario.Toml, StringComparison.Ordinal);
        Assert.DoesNotContain("shop/new", scenario.Toml, StringComparison.Ordinal);
    }

    [Fact]
    public void UnsignedModule_IsNotResolved_AndTheLastGoodVersionStays()
    {
        var scenario = Served(new());
        scenario.Rules(new() { Signatures = [new() { Registries = ["*"], Keys = [new() { Pem = Keys.First }] }] });

        var plan = scenario.TagFails(Module, ModuleReason.SignatureInvalid, "no signature was found", isFinal: true).Plan();

        var resolved = plan.Verdicts.Single().Condition(ConditionType.Resolved)!;
        Assert.Equal("False/SignatureInvalid: no signature was found", Text(resolved));
        Assert.Contains(Scenario.Digest1, scenario.Toml, StringComparison.Ordinal);
    }

    /// <summary>Public keys that <c>cosign generate-key-pair</c> could have made.</summary>
    private static class Keys
    {
        public static readonly string First = New();
        public static readonly string Second = New();

        public static string Body(string pem) => string.Concat(pem.Split('\n').Where(line => !line.StartsWith('-')));

        private static string New()
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return key.ExportSubjectPublicKeyInfoPem() + "\n";
        }
    }

    [Fact]
    public void NamespaceThatHasNotBeenSeen_LeavesWhatIsServed()
    {
        var scenario = Served(new() { Namespaces = new() { MatchLabels = Labels("team", "shop") } });

        scenario.Namespaces.Remove("shop");

        Assert.Contains("has not been seen yet", Accepted(scenario.Plan()).Message, StringComparison.Ordinal);
        Assert.Contains("shop/hello", scenario.Toml, StringComparison.Ordinal);
    }

    [Fact]
    public void UnknownClass_IsSaid_AndTheLastGoodVersionStays()
    {
        var scenario = Served(new());

        scenario.Class!.Metadata.Annotations = new Dictionary<string, string> { [WagiClass.DefaultAnnotation] = "true" };
        scenario.Edit("hello", spec => spec with { ClassName = "typo" });
        var accepted = Accepted(scenario.Plan());

        Assert.Equal(ConditionReason.ClassNotFound, accepted.Reason);
        Assert.Equal("spec.className: there is no WagiClass 'typo'; kubectl get wagiclasses lists those that there are", accepted.Message);
        Assert.Contains("shop/hello", scenario.Toml, StringComparison.Ordinal);
    }

    [Fact]
    public void ModuleOfAnotherClass_IsNeitherServedNorReported()
    {
        var scenario = Shop(new());
        scenario.With(Scenario.Module("hello", Spec() with { ClassName = "default-is-not-marked" }, "shop")).With(Scenario.Module("none", Spec() with { ClassName = null }, "shop"));
        scenario.Class!.Metadata.CreationTimestamp = DateTime.UnixEpoch;

        var plan = scenario.Plan();

        // 'none' is for whoever serves WagiModules without class; 'hello' names a class that nobody has, which the oldest class's operator says.
        Assert.Equal(["shop/hello"], plan.Verdicts.Select(verdict => verdict.Key.ToString()));
    }

    [Fact]
    public void Suspended_StaysAsItIs_AndSaysSo()
    {
        var scenario = Served(new());
        scenario.Tag(Module, Scenario.Digest2);

        var plan = scenario.Edit("hello", spec => spec with { Suspend = true, Route = "/other" }).Plan();
        scenario.Runtime("a");
        plan = scenario.Plan();

        Assert.Contains(Scenario.Digest1, scenario.Toml, StringComparison.Ordinal);
        Assert.Contains("route = \"/shop\"", scenario.Toml, StringComparison.Ordinal);
        var verdict = Assert.Single(plan.Verdicts);
        Assert.Equal("Unknown/Suspended", $"{verdict.Condition("Accepted")!.Status}/{verdict.Condition("Accepted")!.Reason}");
        Assert.Equal("spec.suspend is true: changes of the spec, of its tag and of what it refers to wait", verdict.Condition("Accepted")!.Message);
        Assert.Equal("True/Ready: served by every runtime; suspended", Text(verdict.Condition("Ready")!));

        plan = scenario.Edit("hello", spec => spec with { Suspend = false }).Plan();
        Assert.Contains("route = \"/other\"", scenario.Toml, StringComparison.Ordinal);
        Assert.Contains(Scenario.Digest2, scenario.Toml, StringComparison.Ordinal);
    }

    [Fact]
    public void SuspendedBeforeItWasServed_SaysThat()
    {
        var scenario = Shop(new()).With(Scenario.Module("hello", Spec() with { Suspend = true, ClassName = "shared" }, "shop"));

        var verdict = Assert.Single(scenario.Plan().Verdicts);

        Assert.Equal("False/Suspended: it was suspended before it was served", Text(verdict.Condition("Ready")!));
        Assert.Null(verdict.Entry);
    }

    private static string Text(Condition condition) => $"{condition.Status}/{condition.Reason}: {condition.Message}";

    private static Condition Accepted(Plan plan) => plan.Verdicts.Single(verdict => verdict.Key.Name == "hello").Condition(ConditionType.Accepted)!;

    /// <summary>A class and a namespace 'shop'.</summary>
    private static Scenario Shop(WagiClassSpec rules) => new Scenario().Namespace("shop", Labels("team", "shop")).Rules(rules);

    /// <summary>The same with a module that is served.</summary>
    private static Scenario Served(WagiClassSpec rules)
    {
        var scenario = Shop(rules).With(Scenario.Module("hello", Spec("/shop"), "shop")).Tag(Module, Scenario.Digest1);
        scenario.Plan();
        Assert.Contains("shop/hello", scenario.Toml, StringComparison.Ordinal);
        return scenario;
    }

    private static WagiModuleSpec Spec(string route = "/shop/hello") => new() { Route = route, Module = Module, ClassName = "shared" };

    private static Dictionary<string, string?> Labels(string key, string value) => new() { [key] = value };
}
