using Wagi.TestCluster.Pages;
using Wagi.TestCluster.Product;

namespace Wagi.Docs.Tests.Pages;

public sealed class LinkTests
{
    public static TheoryData<string> Pages => new(Page.All.Select(page => page.Path));

    [Theory]
    [MemberData(nameof(Pages))]
    public void EveryLink_LeadsSomewhere(string path)
    {
        var page = Page.Get(path);

        Assert.All(page.Links, link => Assert.True(LeadsSomewhere(page, link.Target), $"{path}:{link.Line}: {link.Target} is not there"));
    }

    [Fact]
    public void Index_NamesEveryPage()
    {
        var linked = Page.Get("docs/README.md").Links.Select(link => link.Target).ToHashSet(StringComparer.Ordinal);

        var pages = Page.All.Where(page => Path.GetDirectoryName(page.Path) == "docs").Select(page => Path.GetFileName(page.Path));
        Assert.DoesNotContain(pages, page => page != "README.md" && !linked.Contains(page));
    }

    private static bool LeadsSomewhere(Page page, string target)
    {
        var parts = target.Split('#', 2);
        var path = parts[0].Length == 0
            ? page.Path
            : Path.GetRelativePath(Checkout.Root, Path.Combine(Checkout.Root, Path.GetDirectoryName(page.Path)!, parts[0]));
        var full = Path.Combine(Checkout.Root, path);
        return (File.Exists(full) || Directory.Exists(full))
            && (parts.Length == 1 || Page.All.FirstOrDefault(other => other.Path == path) is { } other && other.Anchors.Contains(parts[1]));
    }
}
