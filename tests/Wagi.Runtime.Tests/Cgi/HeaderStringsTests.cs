using System.Text;
using Wagi.Runtime.Cgi;

namespace Wagi.Runtime.Tests.Cgi;

public sealed class HeaderStringsTests
{
    [Theory]
    [InlineData("Cache-Control")]
    [InlineData("cache-control")]
    [InlineData("Set-Cookie")]
    [InlineData("text/html; charset=utf-8")]
    [InlineData("no-store")]
    public void CommonOnes_AreNotMadeAnew(string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        _ = HeaderStrings.Of(bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var found = HeaderStrings.Of(bytes);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(text, found);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("CACHE-control")]
    [InlineData("cache-contrxl")]
    [InlineData("X-Something-Else")]
    [InlineData("caf\u00e9")]
    public void Others_AreWhatTheyAre(string text) => Assert.Equal(text, HeaderStrings.Of(Encoding.Latin1.GetBytes(text)));
}
