using Wagi.TestCluster.Pages;


namespace Wagi.Docs.Tests.Examples;

/// <summary>Types what the pages say.</summary>
public sealed class CommandTests
{
    public static TheoryData<string> Pages => new(Page.All.Where(page => page.Blocks.Any(block => block.Runs)).Select(page => page.Path));

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task EveryCommand_DoesWhatThePageSays(string path)
    {
        using var session = new PageSession();
        foreach (var block in Page.Get(path).Blocks)
        {
            if (block.File is { } file)
            {
                session.Write(file, block.Text);
            }
            else if (block.Runs)
            {
                Assert.SkipWhen(PageSession.WhyMissing(block) is not null, PageSession.WhyMissing(block) ?? "");
                await session.RunAsync(block);
            }
        }
    }
}
