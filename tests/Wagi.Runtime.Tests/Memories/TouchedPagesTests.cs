using System.Runtime.InteropServices;
using Wagi.Runtime.Memories;

namespace Wagi.Runtime.Tests.Memories;

public sealed unsafe partial class TouchedPagesTests(Swap swap) : IClassFixture<Swap>
{
    private const int Pages = 3000;

    public static TheoryData<bool> Methods => [false, true];

    [Fact]
    public void BothWays_WorkHere_OrTheTestsOfSlotsTestThePoolAlone()
    {
        using var best = TouchedPages.Find();
        using var read = TouchedPages.Find(byReading: true);

        Assert.SkipWhen(best is null, "the kernel shows no page map");
        Assert.Equal("/proc/self/pagemap", read!.Method);
        Assert.SkipWhen(best.Method != "PAGEMAP_SCAN", "the kernel is older than 6.7, or forbids PAGEMAP_SCAN");
    }

    /// <summary>More ranges than are asked for at a time, single pages and long runs, pages that were only read, and pages that were forgotten.</summary>
    [Theory]
    [MemberData(nameof(Methods))]
    public void EveryPageThatHoldsAnything_IsFound(bool byReading)
    {
        using var pages = TouchedPages.Find(byReading);
        Assert.SkipWhen(pages is null, "the kernel shows no page map");
        var page = PageMemory.PageSize;
        var length = Pages * page;
        var memory = PageMemory.Reserve(length);
        Assert.True(memory != null && PageMemory.TryOpen(memory, length));
        try
        {
            var random = new Random(1);
            for (var round = 0; round < 20; round++)
            {
                var written = new HashSet<int>();
                while (written.Count < round * 100)
                {
                    var first = random.Next(Pages);
                    for (var i = first; i < Math.Min(Pages, first + random.Next(1, 20)); i++)
                    {
                        memory[((nuint)i * page) + (nuint)random.Next((int)page)] = 0xff;
                        written.Add(i);
                    }
                }

                // Reading changes nothing.
                for (var i = 0; i < 50; i++)
                {
                    _ = Volatile.Read(ref memory[(nuint)random.Next(Pages) * page]);
                }

                var found = Touched(pages, (nuint)memory, (nuint)memory + length);
                Assert.Superset(written, found);
                Assert.True(PageMemory.TryForget(memory, length));
                Assert.Empty(Touched(pages, (nuint)memory, (nuint)memory + length));
            }
        }
        finally
        {
            PageMemory.Release(memory, length);
        }
    }

    /// <summary>Of a file's pages those alone that were written to, which are no longer the file's.</summary>
    [Theory]
    [MemberData(nameof(Methods))]
    public void PagesOfAnImage_AreFoundWhenTheyAreWrittenTo_AndNotWhenTheyAreRead(bool byReading)
    {
        using var pages = TouchedPages.Find(byReading);
        Assert.SkipWhen(pages is null, "the kernel shows no page map");
        var page = PageMemory.PageSize;
        var content = new byte[16 * page];
        Array.Fill(content, (byte)7);
        using var image = MappedImage.Copy(content, start: (long)(8 * page));
        var length = 32 * page;
        var memory = PageMemory.Reserve(length);
        Assert.True(memory != null && image.TryPlace(memory) && PageMemory.TryOpen(memory, length));
        try
        {
            for (var i = 0; i < 32; i++)
            {
                Assert.Equal(i is >= 8 and < 24 ? 7 : 0, Volatile.Read(ref memory[(nuint)i * page]));
            }

            foreach (var i in new[] { 3, 8, 9, 23, 24 })
            {
                memory[(nuint)i * page] = 1;
            }

            var found = Touched(pages, (nuint)memory, (nuint)memory + length);
            Assert.Superset(new HashSet<int> { 3, 8, 9, 23, 24 }, found);
            Assert.DoesNotContain(found, i => i is > 9 and < 23);
            Assert.True(PageMemory.TryForget(memory, length));
            Assert.Equal(7, memory[8 * page]);
            Assert.Equal(0, memory[24 * page]);
            Assert.Equal(7, image.Content[0]);
        }
        finally
        {
            PageMemory.Release(memory, length);
        }
    }

    /// <summary>Slots do without huge pages; should one be there all the same, it is found.</summary>
    [Theory]
    [MemberData(nameof(Methods))]
    public void HugePages_AreFound(bool byReading)
    {
        const nuint Huge = 2 << 20;
        const int HugePages = 14;
        using var pages = TouchedPages.Find(byReading);
        Assert.SkipWhen(pages is null, "the kernel shows no page map");
        var memory = PageMemory.Reserve(4 * Huge);
        Assert.True(memory != null && PageMemory.TryOpen(memory, 4 * Huge));
        try
        {
            var aligned = (byte*)(((nuint)memory + Huge) & ~(Huge - 1));
            Assert.SkipWhen(Advise((nint)aligned, 2 * Huge, HugePages) != 0, "the kernel has no huge pages");
            aligned[12345] = 1;

            Assert.Contains(12345 / (int)PageMemory.PageSize, Touched(pages, (nuint)aligned, (nuint)aligned + (2 * Huge)));
            aligned[Huge + 77] = 1;
            Assert.Contains((int)(Huge / PageMemory.PageSize), Touched(pages, (nuint)aligned, (nuint)aligned + (2 * Huge)));
        }
        finally
        {
            PageMemory.Release(memory, 4 * Huge);
        }
    }

    /// <summary>Of no file and of an image, whether they were written to once or, after they had been swapped out, again.</summary>
    [Theory]
    [MemberData(nameof(Methods))]
    public void PagesThatAreSwappedOut_AreFound(bool byReading)
    {
        using var pages = TouchedPages.Find(byReading);
        Assert.SkipWhen(pages is null, "the kernel shows no page map");
        var page = PageMemory.PageSize;
        using var image = MappedImage.Copy(new byte[8 * page], start: (long)(8 * page));
        var length = 16 * page;
        var memory = PageMemory.Reserve(length);
        Assert.True(memory != null && image.TryPlace(memory) && PageMemory.TryOpen(memory, length));
        try
        {
            memory[3 * page] = 1;
            memory[12 * page] = 1;
            swap.PageOut(memory, length);

            Assert.Equal([3, 12], Touched(pages, (nuint)memory, (nuint)memory + length));
            Assert.Equal((1, 1), (memory[3 * page], memory[12 * page]));
            memory[3 * page] = 2;
            memory[12 * page] = 2;
            swap.PageOut(memory, length);
            Assert.Equal([3, 12], Touched(pages, (nuint)memory, (nuint)memory + length));
            Assert.True(PageMemory.TryForget(memory, length));
            Assert.Empty(Touched(pages, (nuint)memory, (nuint)memory + length));
        }
        finally
        {
            PageMemory.Release(memory, length);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);

    private static HashSet<int> Touched(TouchedPages pages, nuint start, nuint end)
    {
        var found = new HashSet<int>();
        Span<PageRange> ranges = stackalloc PageRange[7];
        for (var at = start; at < end;)
        {
            var count = pages.Next(ref at, end, ranges);
            Assert.InRange(count, 0, ranges.Length);
            foreach (var range in ranges[..count])
            {
                for (var page = range.Start; page < range.End; page += PageMemory.PageSize)
                {
                    Assert.True(found.Add((int)((page - start) / PageMemory.PageSize)));
                }
            }
        }

        return found;
    }
}
