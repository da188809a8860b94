using System.Net;
using Wagi.Modules.Configuration;
using Wagi.Modules.Volumes;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Volumes;

/// <summary>Requests to modules that see a folder of the host.</summary>
public sealed class VolumeTests : IDisposable
{
    private readonly TestVolume _volume = new();

    private string PathOf(string name) => _volume.PathOf(name);

    private Task<HandlerHost> StartAsync(string wat, bool readOnly = false, HandlerDefaults? defaults = null) =>
        HandlerHost.StartAsync(wat, defaults: defaults, entry: _volume.Mounted(readOnly));

    private async Task<string> GetAsync(string wat, bool readOnly = false)
    {
        await using var host = await StartAsync(wat, readOnly);
        return await host.Client.GetStringAsync("/");
    }

    [Fact]
    public async Task File_IsRead_FromTheVolume()
    {
        var content = string.Concat(Enumerable.Repeat("ü line of text\n", 20_000));
        File.WriteAllText(PathOf("sub/a.txt"), content);

        Assert.Equal(FileGuest.Done + content, await GetAsync(FileGuest.Reading("sub/a.txt")));
    }

    [Fact]
    public async Task File_IsWritten_WithTheBodyOfTheRequest()
    {
        var body = Enumerable.Range(0, 200_000).Select(i => (byte)(i * 7)).ToArray();
        await using var host = await StartAsync(FileGuest.Writing("new"));

        using var response = await host.Client.PostAsync("/", new ByteArrayContent(body));

        Assert.Equal(FileGuest.Done, await response.Content.ReadAsStringAsync());
        Assert.Equal(body, File.ReadAllBytes(PathOf("new")));
    }

    [Fact]
    public async Task File_ThatIsNotThere_IsNotThere() => Assert.Equal("44", await GetAsync(FileGuest.Reading("nothing")));

    /// <summary>Each is a descriptor of the process, which its neighbours need as well.</summary>
    [Theory]
    [InlineData(128, false, FileGuest.Done)]
    [InlineData(129, false, "33")] // mfile: too many open files
    [InlineData(5000, true, FileGuest.Done)]
    public async Task OpenFiles_OfOneRequest_AreBounded(int times, bool closes, string error)
    {
        File.WriteAllText(PathOf("a"), "text");
        await using var host = await StartAsync(FileGuest.Opening("a", times, closes));

        Assert.Equal(error, await host.Client.GetStringAsync("/"));
        Assert.Equal(error, await host.Client.GetStringAsync("/"));
    }

    [Fact]
    public async Task ModuleWithoutVolumes_SeesNoFiles()
    {
        await using var host = await HandlerHost.StartAsync(FileGuest.Reading("a.txt"));

        Assert.Equal("08", await host.Client.GetStringAsync("/"));
    }

    [Theory]
    [MemberData(nameof(TestVolume.PathsOutside), MemberType = typeof(TestVolume))]
    public async Task FileOutside_IsOutOfReach(string path)
    {
        _volume.AddLinksOutside();

        Assert.Equal(FileGuest.NotPermitted, await GetAsync(FileGuest.Reading(path)));
        Assert.Equal(FileGuest.NotPermitted, await GetAsync(FileGuest.Writing(path)));
        Assert.Equal("outside", File.ReadAllText(_volume.Outside));
    }

    [Fact]
    public async Task AbsolutePath_IsOutOfReach()
    {
        Assert.Equal(FileGuest.NotPermitted, await GetAsync(FileGuest.Reading(_volume.Outside)));
        Assert.Equal(FileGuest.NotPermitted, await GetAsync(FileGuest.Writing(_volume.Outside)));
        Assert.Equal("outside", File.ReadAllText(_volume.Outside));
    }

    [Theory]
    [InlineData("(call $path_link (i32.const 3) (i32.const 0) $1 (i32.const 3) $2)", "../secret", "mine")]
    [InlineData("(call $path_rename (i32.const 3) $1 (i32.const 3) $2)", "../secret", "mine")]
    [InlineData("(call $path_rename (i32.const 3) $1 (i32.const 3) $2)", "sub/file", "../secret")]
    [InlineData("(call $path_unlink_file (i32.const 3) $1)", "../secret", "x")]
    [InlineData("(call $path_unlink_file (i32.const 3) $1)", "folder/secret", "x")]
    [InlineData("(call $path_create_directory (i32.const 3) $1)", "../new", "x")]
    [InlineData("(call $path_filestat_set_times (i32.const 3) (i32.const 1) $1 (i64.const 1) (i64.const 1) (i32.const 5))", "relative", "x")]
    public async Task NothingOutside_IsChanged(string call, string first, string second)
    {
        File.WriteAllText(PathOf("sub/file"), "inside");
        File.CreateSymbolicLink(PathOf("relative"), "../secret");
        Directory.CreateSymbolicLink(PathOf("folder"), _volume.Around.FullPath);
        var written = File.GetLastWriteTimeUtc(_volume.Outside);

        Assert.Equal(FileGuest.NotPermitted, await GetAsync(FileGuest.Calling(call, first, second)));

        Assert.Equal("outside", File.ReadAllText(_volume.Outside));
        Assert.Equal(written, File.GetLastWriteTimeUtc(_volume.Outside));
        Assert.Equal("inside", File.ReadAllText(PathOf("sub/file")));
        Assert.False(Directory.Exists(_volume.Around.PathOf("new")));
    }

    [Fact]
    public async Task SymbolicLink_ThatTheGuestMakes_LeadsNowhereElse()
    {
        const string Symlink = "(call $path_symlink $1 (i32.const 3) $2)";
        Assert.Equal(FileGuest.NotPermitted, await GetAsync(FileGuest.Calling(Symlink, _volume.Outside, "absolute")));
        Assert.False(File.Exists(PathOf("absolute")));

        // A relative one may be made, as it may be moved later; it is following it that is refused.
        await GetAsync(FileGuest.Calling(Symlink, "../secret", "relative"));
        Assert.Equal(FileGuest.NotPermitted, await GetAsync(FileGuest.Reading("relative")));
    }

    [Fact]
    public async Task LinkInside_IsFollowed()
    {
        File.WriteAllText(PathOf("a"), "inside");
        File.CreateSymbolicLink(PathOf("sub/link"), "../a");

        Assert.Equal(FileGuest.Done + "inside", await GetAsync(FileGuest.Reading("sub/link")));
    }

    [Fact]
    public async Task ReadOnlyVolume_IsRead()
    {
        File.WriteAllText(PathOf("a"), "text");

        Assert.Equal(FileGuest.Done + "text", await GetAsync(FileGuest.Reading("a"), readOnly: true));
    }

    [Theory]
    [InlineData("(call $path_unlink_file (i32.const 3) $1)", "a")]
    [InlineData("(call $path_create_directory (i32.const 3) $1)", "new")]
    [InlineData("(call $path_remove_directory (i32.const 3) $1)", "sub")]
    [InlineData("(call $path_rename (i32.const 3) $1 (i32.const 3) $2)", "a")]
    [InlineData("(call $path_link (i32.const 3) (i32.const 0) $1 (i32.const 3) $2)", "a")]
    [InlineData("(call $path_symlink $1 (i32.const 3) $2)", "a")]
    [InlineData("(call $path_filestat_set_times (i32.const 3) (i32.const 0) $1 (i64.const 1) (i64.const 1) (i32.const 5))", "a")]
    public async Task ReadOnlyVolume_IsNotChanged(string call, string path)
    {
        var file = PathOf("a");
        File.WriteAllText(file, "text");
        var written = File.GetLastWriteTimeUtc(file);

        Assert.NotEqual(FileGuest.Done, await GetAsync(FileGuest.Calling(call, path, "new"), readOnly: true));

        Assert.Equal(["a", "sub"], Directory.EnumerateFileSystemEntries(_volume.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(written, File.GetLastWriteTimeUtc(file));
    }

    [Fact]
    public async Task ReadOnlyVolume_IsNotWritten()
    {
        File.WriteAllText(PathOf("a"), "text");

        Assert.NotEqual(FileGuest.Done, await GetAsync(FileGuest.Writing("a"), readOnly: true));
        Assert.NotEqual(FileGuest.Done, await GetAsync(FileGuest.Writing("new"), readOnly: true));

        Assert.Equal("text", File.ReadAllText(PathOf("a")));
        Assert.False(File.Exists(PathOf("new")));
    }

    [Fact]
    public async Task DescriptorOfStdout_CanBecomeThatOfAFile()
    {
        Assert.Equal(FileGuest.Done, await GetAsync(FileGuest.WritingInPlaceOfStdout("log.txt")));

        Assert.Equal("log.txt", File.ReadAllText(PathOf("log.txt")));
    }

    [Fact]
    public async Task DescriptorThatIsRenumbered_TakesItsMeaningAlong()
    {
        // Stdout gets the number of the volume: what is written to 3 is the answer, and 1 is closed.
        var wat = FileGuest.Module("""
            (if (call $fd_renumber (i32.const 1) (i32.const 3)) (then unreachable))
            (call $write (i32.const 3) (i32.const 4096) (i32.const 26))
            (if (i32.ne (call $fd_close (i32.const 1)) (i32.const 8)) (then unreachable))
            (call $write (i32.const 3) (i32.const 8192) (i32.const 1))
            """);

        Assert.Equal("x", await GetAsync(wat));
    }

    [Fact]
    public async Task RequestsAtTheSameTime_DoNotSeeEachOther()
    {
        File.WriteAllText(PathOf("a"), "text");
        await using var host = await StartAsync(FileGuest.Reading("a"));

        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => host.Client.GetStringAsync("/")));

        Assert.All(answers, answer => Assert.Equal(FileGuest.Done + "text", answer));
    }

    [Fact]
    public async Task TwoVolumes_AreTwoDescriptors()
    {
        Directory.CreateDirectory(_volume.Around.PathOf("second"));
        _volume.Around.Write("second/b", "of the second");
        await using var host = await HandlerHost.StartAsync(
            FileGuest.Reading("b").Replace("(call $path_open (i32.const 3)", "(call $path_open (i32.const 4)", StringComparison.Ordinal),
            entry: entry => entry with { Volumes = [new Volume("/data", _volume.Folder), new Volume("/more", _volume.Around.PathOf("second"), IsReadOnly: true)] });

        Assert.Equal(FileGuest.Done + "of the second", await host.Client.GetStringAsync("/"));
    }

    [Fact]
    public async Task FolderThatIsGone_IsSaid()
    {
        await using var host = await StartAsync(FileGuest.Reading("a"));
        Directory.Delete(_volume.Folder, recursive: true);

        using var response = await host.Client.GetAsync("/");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Contains(host.Log.Lines, line => line.Contains($"volume '/data': '{_volume.Folder}' is not there any more", StringComparison.Ordinal));
    }

    /// <summary>What happens to a guest does not depend on whether it has volumes.</summary>
    [Theory]
    [InlineData("unreachable", HttpStatusCode.InternalServerError)]
    [InlineData("(loop $l (br $l))", HttpStatusCode.GatewayTimeout)]
    [InlineData("(call $sleep (i32.const 100000000))", HttpStatusCode.GatewayTimeout)]
    [InlineData("(call $proc_exit (i32.const 3))", HttpStatusCode.InternalServerError)]
    [InlineData("(call $write (i32.const 1) (i32.const 8192) (i32.const 1))", HttpStatusCode.BadGateway)]
    [InlineData("(drop (call $fd_read (i32.const 0) (i32.const -8) (i32.const 1) (i32.const 8)))", HttpStatusCode.InternalServerError)]
    [InlineData("(drop (call $fd_read (i32.const 9) (i32.const -8) (i32.const 1) (i32.const 8)))", HttpStatusCode.InternalServerError)]
    [InlineData("(if (i32.eq (memory.grow (i32.const 1000)) (i32.const -1)) (then unreachable))", HttpStatusCode.InternalServerError)]
    public async Task GuestWithVolumes_ComesToTheSameEnd(string body, HttpStatusCode status)
    {
        var defaults = new HandlerDefaults { Timeout = TimeSpan.FromMilliseconds(300), MemoryLimit = 1 << 20 };
        var wat = FileGuest.Module(body);
        await using var with = await StartAsync(wat, defaults: defaults);
        await using var without = await HandlerHost.StartAsync(wat, defaults: defaults);

        using var expected = await without.Client.GetAsync("/");
        using var response = await with.Client.GetAsync("/");

        Assert.Equal(expected.StatusCode, response.StatusCode);
        Assert.Equal(await TextAsync(expected), await TextAsync(response));
        Assert.Equal(status, response.StatusCode);

        static async Task<string> TextAsync(HttpResponseMessage response) => (await response.Content.ReadAsStringAsync()).Split('(')[0];
    }

    [Fact]
    public async Task BodyOverTheLimit_IsRefused_AndStderrIsLogged()
    {
        var (data, code) = Wat.Print("to the log\n", address: 5000, fd: 2);
        await using var host = await StartAsync(
            FileGuest.Module($"(call $answer (i32.const 0)) {code}").Replace("(func $answer", data + "(func $answer", StringComparison.Ordinal),
            defaults: new HandlerDefaults { MaxRequestBody = 10 });

        using var tooLarge = await host.Client.PostAsync("/", new StringContent("more than ten bytes"));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLarge.StatusCode);
        Assert.Equal(FileGuest.Done, await host.Client.GetStringAsync("/"));
        Assert.Contains(host.Log.Lines, line => line.EndsWith("stderr: to the log", StringComparison.Ordinal));
    }

    public void Dispose() => _volume.Dispose();
}
