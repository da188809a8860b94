using System.Globalization;
using System.Net;
using Wagi.Modules.Configuration;
using Wagi.Modules.Volumes;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Tests.Harness;
using Wagi.Runtime.Tests.Volumes;
using Wagi.Runtime.Tests.WasiHttp;
using Wagi.Runtime.Worlds;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Wasip2;

/// <summary>Requests to components that see a folder of the host by <c>wasi:filesystem</c>.</summary>
public sealed class ComponentFilesTests : IDisposable
{
    private readonly TestVolume _volume = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string PathOf(string name) => _volume.PathOf(name);

    private Task<HandlerHost> StartAsync(string wat, bool readOnly = false, GuestEngine? engine = null) =>
        HandlerHost.StartAsync(wat, entry: _volume.Mounted(readOnly), engine: engine);

    private async Task<string> GetAsync(string wat, bool readOnly = false)
    {
        await using var host = await StartAsync(wat, readOnly);
        return await host.Client.GetStringAsync("/", Cancellation);
    }

    private async Task<string> GetAsync(Func<HandlerText, string> body, bool readOnly = false)
    {
        var text = FilesText.New();
        return await GetAsync(text.Build([body(text)]), readOnly);
    }

    private async Task<string> TrapAsync(Func<HandlerText, string> body)
    {
        var text = FilesText.New();
        await using var host = await StartAsync(text.Build([body(text)]));
        try
        {
            using var response = await host.Client.GetAsync("/", Cancellation);
            _ = await response.Content.ReadAsByteArrayAsync(Cancellation);
            Assert.NotEqual(HttpStatusCode.OK, response.StatusCode);
        }
        catch (HttpRequestException)
        {
            // The answer was begun: it is cut off.
        }

        return await Eventually.Becomes(() => Log(host), log => log.Contains("trap", StringComparison.Ordinal), cancellationToken: Cancellation);
    }

    [Fact]
    public async Task File_IsRead_FromTheVolume()
    {
        var content = string.Concat(Enumerable.Repeat("ü line of text\n", 300_000));
        File.WriteAllText(PathOf("sub/a.txt"), content);

        Assert.Equal(content, await GetAsync(FilesText.Reading("sub/a.txt")));
    }

    [Fact]
    public async Task File_IsWritten_WithTheBodyOfTheRequest()
    {
        var body = Enumerable.Range(0, 3_000_000).Select(i => (byte)(i * 7)).ToArray();
        await using var host = await StartAsync(FilesText.Writing("new"));

        using var response = await host.Client.PostAsync("/", new ByteArrayContent(body), Cancellation);

        Assert.Equal("", await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(body, await File.ReadAllBytesAsync(PathOf("new"), Cancellation));
    }

    [Fact]
    public async Task Pieces_AreReadAndWritten_WhereTheyAre()
    {
        File.WriteAllText(PathOf("a"), "0123456789");

        var answer = await GetAsync(text => $"""
            (local.set $a {FilesText.Open(text, "a", flags: 3)})
            (call $write-at (local.get $a) {text.Text("xy")} (i64.const 4) (i32.const 0)) (call $number (i32.load8_u (i32.const 0))) (call $number (i32.load (i32.const 8)))
            (call $append-via-stream (local.get $a) (i32.const 0)) (local.set $b (i32.load (i32.const 4)))
            (call $write (local.get $b) {text.Text("one")} (i32.const 0)) (call $number (i32.load8_u (i32.const 0)))
            (call $write-via-stream (local.get $a) (i64.const 1) (i32.const 0)) (local.set $c (i32.load (i32.const 4)))
            (call $write (local.get $c) {text.Text("A")} (i32.const 0)) (call $write (local.get $b) {text.Text("two")} (i32.const 0))
            (call $write (local.get $c) {text.Text("B")} (i32.const 0)) (call $number (i32.load8_u (i32.const 0)))
            (call $space)
            ;; As much as there is, from the middle, and what is behind the end.
            (call $read-at (local.get $a) (i64.const -1) (i64.const 3) (i32.const 0))
            (call $print (i32.load (i32.const 4)) (i32.load (i32.const 8))) (call $number (i32.load8_u (i32.const 12)))
            (call $read-at (local.get $a) (i64.const 2) (i64.const 0) (i32.const 0))
            (call $print (i32.load (i32.const 4)) (i32.load (i32.const 8))) (call $number (i32.load8_u (i32.const 12)))
            (call $read-at (local.get $a) (i64.const 10) (i64.const 1000) (i32.const 0)) (call $number (i32.load (i32.const 8))) (call $number (i32.load8_u (i32.const 12)))
            """);

        Assert.Equal("0200 3xy6789onetwo00A001", answer);
        Assert.Equal("0AB3xy6789onetwo", File.ReadAllText(PathOf("a")));
    }

    [Fact]
    public async Task StreamsOfOneFile_DoNotInterfere()
    {
        File.WriteAllText(PathOf("a"), "0123456789");

        var answer = await GetAsync(text =>
        {
            const string ReadTwo = """
                (call $read (local.get $b) (i64.const 2) (i32.const 0)) (call $print (i32.load (i32.const 4)) (i32.load (i32.const 8)))
                """;
            return $"""
                (local.set $a {FilesText.Open(text, "a", flags: 3)})
                (call $read-via-stream (local.get $a) (i64.const 0) (i32.const 0)) (local.set $b (i32.load (i32.const 4)))
                {ReadTwo}
                (call $append-via-stream (local.get $a) (i32.const 0)) (call $write (i32.load (i32.const 4)) {text.Text("end")} (i32.const 0))
                {ReadTwo}
                (call $write-at (local.get $a) {text.Text("xy")} (i64.const 8) (i32.const 0))
                {ReadTwo}
                (call $read-via-stream (local.get $a) (i64.const 9) (i32.const 0)) (call $read (i32.load (i32.const 4)) (i64.const 2) (i32.const 0))
                {ReadTwo} {ReadTwo} {ReadTwo}
                """;
        });

        Assert.Equal("0123456" + "7xyen", answer);
    }

    [Fact]
    public async Task ReadAtOnce_IsBounded_WhateverTheLengthIs()
    {
        File.WriteAllBytes(PathOf("a"), new byte[1 << 20]);

        var answer = await GetAsync(text => $"""
            (call $read-at {FilesText.Open(text, "a")} (i64.const 0xffffffffffff) (i64.const 0) (i32.const 0)) (call $number (i32.load (i32.const 8)))
            """);

        Assert.InRange(int.Parse(answer, CultureInfo.InvariantCulture), 4096, 64 << 10);
    }

    [Fact]
    public async Task WriteAtOnce_IsBounded_AndSaysHowMuchItWas()
    {
        var answer = await GetAsync(text => $"""
            (call $write-at {FilesText.Open(text, "new", how: 1, flags: 2)} (i32.const 4096) (i32.const 500000) (i64.const 3) (i32.const 0))
            (call $number (i32.load8_u (i32.const 0))) (call $number (i32.load (i32.const 8)))
            """);

        Assert.Equal(new FileInfo(PathOf("new")).Length - 3, long.Parse(answer, CultureInfo.InvariantCulture));
        Assert.InRange(new FileInfo(PathOf("new")).Length, 4096, 64 << 10);
    }

    [Fact]
    public async Task Streams_SpliceSkipAndPoll()
    {
        File.WriteAllText(PathOf("a"), "0123456789");

        var answer = await GetAsync(text => $"""
            (call $read-via-stream {FilesText.Open(text, "a")} (i64.const 1) (i32.const 0)) (local.set $a (i32.load (i32.const 4)))
            (call $block (call $subscribe-input (local.get $a)))
            (call $skip (local.get $a) (i64.const 3) (i32.const 0)) (call $number (i32.load (i32.const 8)))
            (call $read-now (local.get $a) (i64.const 2) (i32.const 0)) (call $print (i32.load (i32.const 4)) (i32.load (i32.const 8)))
            (call $splice (global.get $stream) (local.get $a) (i64.const 100) (i32.const 0)) (call $number (i32.load (i32.const 8)))
            ;; The end: closed.
            (call $read-now (local.get $a) (i64.const 2) (i32.const 0)) (call $number (i32.load8_u (i32.const 0))) (call $number (i32.load8_u (i32.const 4)))
            """);

        Assert.Equal("34567894" + "11", answer);
    }

    [Fact]
    public async Task FailureOfAStream_HasItsErrorCode()
    {
        File.WriteAllText(PathOf("a"), "text");

        var answer = await GetAsync(text => $"""
            (call $read-via-stream {FilesText.Open(text, "a")} (i64.const -5) (i32.const 0)) (local.set $a (i32.load (i32.const 4)))
            (call $read (local.get $a) (i64.const 2) (i32.const 0)) (call $number (i32.load8_u (i32.const 0))) (call $number (i32.load8_u (i32.const 4)))
            (local.set $b (i32.load (i32.const 8)))
            (call $error-code (local.get $b) (i32.const 0)) (call $number (i32.load8_u (i32.const 0))) (call $number (i32.load8_u (i32.const 1)))
            (call $drop-error (local.get $b))
            """);

        Assert.Equal("10" + "1" + "12", answer); // last-operation-failed; some; invalid
    }

    [Fact]
    public async Task Folder_IsListed_WithoutItselfAndItsParent()
    {
        File.WriteAllText(PathOf("sub/a"), "");
        File.CreateSymbolicLink(PathOf("sub/link"), "a");
        Directory.CreateDirectory(PathOf("sub/ünder"));

        var entries = (await GetAsync(FilesText.Listing("sub"))).Split(' ', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(["3ünder", "5link", "6a"], entries.Order(StringComparer.Ordinal));
    }

    /// <summary>More than the host reads at once.</summary>
    [Fact]
    public async Task LargeFolder_IsListedWhole()
    {
        var names = Enumerable.Range(0, 3000).Select(i => $"{i:d4}-{new string('n', i % 90)}").ToList();
        names.ForEach(name => File.WriteAllText(PathOf("sub/" + name), ""));

        var entries = (await GetAsync(FilesText.Listing("sub"))).Split(' ', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(names.Select(name => "6" + name), entries.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ManyListingsOfALargeFolder_TakeNoMoreOfTheHost_ThanARunMay()
    {
        for (var i = 0; i < 1000; i++)
        {
            File.WriteAllText(PathOf($"sub/{i:d4}-{new string('n', 90)}"), "");
        }

        var log = await TrapAsync(text => $"""
            (local.set $a {FilesText.Open(text, "sub", how: 2)})
            (local.set $i (i32.const 100))
            (loop $more
              (call $read-directory (local.get $a) (i32.const 0)) (if (i32.load8_u (i32.const 0)) (then (call $print (i32.const 0) (i32.const 0)) (return)))
              (call $next-entry (i32.load (i32.const 4)) (i32.const 0))
              (local.set $i (i32.sub (local.get $i) (i32.const 1)))
              (br_if $more (local.get $i)))
            """);

        Assert.Contains("of the host's memory", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_ThatIsNotThere_IsNotThere() => Assert.Equal(FilesText.NoEntry, await GetAsync(FilesText.Reading("nothing")));

    [Theory]
    [MemberData(nameof(TestVolume.PathsOutside), MemberType = typeof(TestVolume))]
    public async Task FileOutside_IsOutOfReach(string path)
    {
        _volume.AddLinksOutside();

        Assert.Equal(FilesText.NotPermitted, await GetAsync(FilesText.Reading(path)));
        Assert.Equal(FilesText.NotPermitted, await GetAsync(FilesText.Writing(path)));
        Assert.Equal(FilesText.NotPermitted, await GetAsync(text => FilesText.Calling(text, $"(call $stat-at (call $root) (i32.const 1) {text.Text(path)} (i32.const 0))", 8)));
        Assert.Equal("outside", File.ReadAllText(_volume.Outside));
    }

    [Theory]
    [InlineData("(call $link-at (call $root) (i32.const 0) $1 (call $root) $2 (i32.const 0))", "../secret", "mine")]
    [InlineData("(call $rename-at (call $root) $1 (call $root) $2 (i32.const 0))", "../secret", "mine")]
    [InlineData("(call $rename-at (call $root) $1 (call $root) $2 (i32.const 0))", "sub/file", "../secret")]
    [InlineData("(call $unlink-file-at (call $root) $1 (i32.const 0))", "../secret", "x")]
    [InlineData("(call $unlink-file-at (call $root) $1 (i32.const 0))", "folder/secret", "x")]
    [InlineData("(call $create-directory-at (call $root) $1 (i32.const 0))", "../new", "x")]
    [InlineData("(call $symlink-at (call $root) $1 $2 (i32.const 0))", "/etc", "absolute")]
    [InlineData("(call $set-times-at (call $root) (i32.const 1) $1 (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 0))", "relative", "x")]
    public async Task NothingOutside_IsChanged(string call, string first, string second)
    {
        File.WriteAllText(PathOf("sub/file"), "inside");
        File.CreateSymbolicLink(PathOf("relative"), "../secret");
        Directory.CreateSymbolicLink(PathOf("folder"), _volume.Around.FullPath);
        var written = File.GetLastWriteTimeUtc(_volume.Outside);

        Assert.Equal(FilesText.NotPermitted, await GetAsync(text => FilesText.Calling(text, Fill(call, text, first, second))));

        Assert.Equal("outside", File.ReadAllText(_volume.Outside));
        Assert.Equal(written, File.GetLastWriteTimeUtc(_volume.Outside));
        Assert.Equal("inside", File.ReadAllText(PathOf("sub/file")));
        Assert.False(Directory.Exists(_volume.Around.PathOf("new")));
    }

    [Theory]
    [InlineData("(call $unlink-file-at (call $root) $1 (i32.const 0))", "a")]
    [InlineData("(call $create-directory-at (call $root) $1 (i32.const 0))", "new")]
    [InlineData("(call $remove-directory-at (call $root) $1 (i32.const 0))", "sub")]
    [InlineData("(call $rename-at (call $root) $1 (call $root) $2 (i32.const 0))", "a")]
    [InlineData("(call $link-at (call $root) (i32.const 0) $1 (call $root) $2 (i32.const 0))", "a")]
    [InlineData("(call $symlink-at (call $root) $1 $2 (i32.const 0))", "a")]
    [InlineData("(call $set-times-at (call $root) (i32.const 1) $1 (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 0))", "a")]
    public async Task ReadOnlyVolume_IsReadAndNotChanged(string call, string path)
    {
        var file = PathOf("a");
        File.WriteAllText(file, "text");
        var written = File.GetLastWriteTimeUtc(file);

        Assert.Equal(FilesText.NotPermitted, await GetAsync(text => FilesText.Calling(text, Fill(call, text, path, "new")), readOnly: true));
        Assert.Equal(FilesText.NotPermitted, await GetAsync(FilesText.Writing("a"), readOnly: true));
        Assert.Equal(FilesText.NotPermitted, await GetAsync(FilesText.Writing("new"), readOnly: true));

        Assert.Equal("text", await GetAsync(FilesText.Reading("a"), readOnly: true));
        Assert.Equal(["a", "sub"], Directory.EnumerateFileSystemEntries(_volume.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(written, File.GetLastWriteTimeUtc(file));
    }

    /// <summary>By what is open already, and by opening it in ways that change it.</summary>
    [Theory]
    [InlineData("(call $set-size (call $open (call $root) $1 (i32.const 0) (i32.const 1)) (i64.const 1) (i32.const 0))", "a")]
    [InlineData("(call $set-times (call $open (call $root) $1 (i32.const 0) (i32.const 1)) (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 0))", "a")]
    [InlineData("(call $set-times (call $root) (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 0))", "a")]
    [InlineData("(call $open-at (call $root) (i32.const 1) $1 (i32.const 8) (i32.const 1) (i32.const 0))", "a")] // truncate
    [InlineData("(call $open-at (call $root) (i32.const 1) $1 (i32.const 1) (i32.const 1) (i32.const 0))", "new")] // create
    [InlineData("(call $open-at (call $root) (i32.const 1) $1 (i32.const 9) (i32.const 0) (i32.const 0))", "new")]
    public async Task ReadOnlyVolume_IsNotChanged_ByWhatIsOpen(string call, string path)
    {
        File.WriteAllText(PathOf("a"), "text");
        File.SetLastWriteTimeUtc(PathOf("a"), DateTime.UnixEpoch.AddSeconds(1234));
        var written = Directory.GetLastWriteTimeUtc(_volume.Folder);

        var answer = await GetAsync(text => FilesText.Calling(text, Fill(call, text, path, ""), call.Contains("open-at", StringComparison.Ordinal) ? 4 : 1), readOnly: true);

        Assert.StartsWith("!", answer, StringComparison.Ordinal);
        Assert.Equal("text", File.ReadAllText(PathOf("a")));
        Assert.Equal(DateTime.UnixEpoch.AddSeconds(1234), File.GetLastWriteTimeUtc(PathOf("a")));
        Assert.Equal(written, Directory.GetLastWriteTimeUtc(_volume.Folder));
    }

    /// <summary>Where it could be written to.</summary>
    [Theory]
    [InlineData("(call $link-at (i32.load (local.get $a)) (i32.const 0) $1 (i32.load offset=12 (local.get $a)) $2 (i32.const 0))")]
    [InlineData("(call $rename-at (i32.load (local.get $a)) $1 (i32.load offset=12 (local.get $a)) $2 (i32.const 0))")]
    [InlineData("(call $rename-at (i32.load offset=12 (local.get $a)) $1 (i32.load (local.get $a)) $2 (i32.const 0))")]
    public async Task FileOfAReadOnlyVolume_IsNotMovedToAnother(string call)
    {
        var other = _volume.Around.PathOf("other");
        Directory.CreateDirectory(other);
        File.WriteAllText(PathOf("a"), "text");
        File.WriteAllText(Path.Combine(other, "a"), "other");
        var text = FilesText.New();
        await using var host = await HandlerHost.StartAsync(
            text.Build(["(call $directories (i32.const 0)) (local.set $a (i32.load (i32.const 0)))", FilesText.Calling(text, Fill(call, text, "a", "b"))]),
            entry: entry => entry with { Volumes = [new Volume("/data", _volume.Folder, true), new Volume("/other", other, false)] });

        Assert.Equal(FilesText.NotPermitted, await host.Client.GetStringAsync("/", Cancellation));
        Assert.Equal(["a", "sub"], Directory.EnumerateFileSystemEntries(_volume.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(["a"], Directory.EnumerateFileSystemEntries(other).Select(Path.GetFileName));
    }

    [Fact]
    public async Task ComponentThatGoesOnWithItsFiles_IsStopped_WhenItsTimeIsUp()
    {
        File.WriteAllText(PathOf("a"), "text");
        var text = FilesText.New();
        await using var host = await HandlerHost.StartAsync(
            text.Build($"(local.set $a {FilesText.Open(text, "a")}) (loop $more (call $stat (local.get $a) (i32.const 0)) (br $more))"),
            entry: entry => entry with { Volumes = [new Volume("/data", _volume.Folder, false)], Timeout = TimeSpan.FromMilliseconds(200) });

        using var response = await host.Client.GetAsync("/", Cancellation);

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
    }

    /// <summary>What is opened for reading is not written to in any other way either: each says bad-descriptor.</summary>
    [Theory]
    [InlineData("(call $write-via-stream (local.get $a) (i64.const 0) (i32.const 0))", 4)]
    [InlineData("(call $append-via-stream (local.get $a) (i32.const 0))", 4)]
    [InlineData("(call $write-at (local.get $a) (i32.const 4096) (i32.const 1) (i64.const 0) (i32.const 0))", 8)]
    public async Task FileThatIsOpenForReading_IsNotWritten(string call, int payload)
    {
        File.WriteAllText(PathOf("a"), "text");

        Assert.Equal("!3", await GetAsync(text => $"(local.set $a {FilesText.Open(text, "a")}) {FilesText.Calling(text, call, payload)}"));
        Assert.Equal("text", File.ReadAllText(PathOf("a")));
    }

    [Fact]
    public async Task FilesAndFolders_AreMadeMovedLinkedAndRemoved()
    {
        File.WriteAllText(PathOf("a"), "text");

        var answer = await GetAsync(text => string.Concat(new[]
        {
            $"(call $create-directory-at (call $root) {text.Text("new")} (i32.const 0))",
            $"(call $rename-at (call $root) {text.Text("a")} (call $root) {text.Text("new/b")} (i32.const 0))",
            $"(call $link-at (call $root) (i32.const 0) {text.Text("new/b")} (call $root) {text.Text("c")} (i32.const 0))",
            $"(call $symlink-at (call $root) {text.Text("new/b")} {text.Text("d")} (i32.const 0))",
            $"(call $remove-directory-at (call $root) {text.Text("sub")} (i32.const 0))",
            $"(call $remove-directory-at (call $root) {text.Text("new")} (i32.const 0))",
            $"(call $unlink-file-at (call $root) {text.Text("new/b")} (i32.const 0))",
            $"(call $create-directory-at (call $root) {text.Text("new")} (i32.const 0))",
        }.Select(call => FilesText.Calling(text, call) + "(call $space)")) + $"""
            (call $readlink-at (call $root) {text.Text("d")} (i32.const 0)) (call $print (i32.load (i32.const 4)) (i32.load (i32.const 8)))
            """);

        Assert.Equal("ok ok ok ok ok !25 ok !7 new/b", answer); // not-empty; exist
        Assert.Equal(["c", "d", "new"], Directory.EnumerateFileSystemEntries(_volume.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal("text", File.ReadAllText(PathOf("c")));
    }

    [Fact]
    public async Task WhatIsKnownOfAFile_IsTold()
    {
        File.WriteAllText(PathOf("a"), "12345");
        File.SetLastWriteTimeUtc(PathOf("a"), DateTime.UnixEpoch.AddSeconds(1234.5));
        File.CreateSymbolicLink(PathOf("link"), "a");

        var answer = await GetAsync(text => $"""
            (local.set $a {FilesText.Open(text, "a", flags: 3)})
            (call $stat (local.get $a) (i32.const 0))
            (call $number (i32.load8_u (i32.const 8))) (call $space) (call $number (i32.load (i32.const 24))) (call $space)
            (call $number (i32.load8_u (i32.const 56))) (call $number (i32.load (i32.const 64))) (call $space) (call $number (i32.load (i32.const 72))) (call $space)
            (call $stat-at (call $root) (i32.const 0) {text.Text("link")} (i32.const 0)) (call $number (i32.load8_u (i32.const 8)))
            (call $stat-at (call $root) (i32.const 1) {text.Text("link")} (i32.const 0)) (call $number (i32.load8_u (i32.const 8)))
            (call $get-type (local.get $a) (i32.const 0)) (call $number (i32.load8_u (i32.const 1)))
            (call $get-type (call $root) (i32.const 0)) (call $number (i32.load8_u (i32.const 1))) (call $space)
            (call $get-flags (local.get $a) (i32.const 0)) (call $number (i32.load8_u (i32.const 1))) (call $space)
            (call $get-flags (call $root) (i32.const 0)) (call $number (i32.load8_u (i32.const 1))) (call $space)
            (call $number (call $is-same-object (local.get $a) {FilesText.Open(text, "link")}))
            (call $number (call $is-same-object (local.get $a) (call $root))) (call $space)
            (call $metadata-hash (local.get $a) (i32.const 0))
            (call $metadata-hash-at (call $root) (i32.const 1) {text.Text("link")} (i32.const 32))
            (call $number (i32.and (i64.eq (i64.load (i32.const 8)) (i64.load (i32.const 40))) (i64.eq (i64.load (i32.const 16)) (i64.load (i32.const 48)))))
            """);

        Assert.Equal("6 5 11234 500000000 5663 3 33 10 1", answer);
    }

    [Fact]
    public async Task FileIsChanged_InSizeAndTime()
    {
        File.WriteAllText(PathOf("a"), "0123456789");

        var answer = await GetAsync(text => $"(local.set $a {FilesText.Open(text, "a", flags: 2)})" + string.Concat(new[]
        {
            "(call $set-size (local.get $a) (i64.const 4) (i32.const 0))",
            "(call $sync (local.get $a) (i32.const 0))",
            "(call $sync-data (local.get $a) (i32.const 0))",
            "(call $advise (local.get $a) (i64.const 0) (i64.const 4) (i32.const 3) (i32.const 0))",
            "(call $set-times (local.get $a) (i32.const 0) (i64.const 9) (i32.const 9) (i32.const 2) (i64.const 1234) (i32.const 500000000) (i32.const 0))",
            "(call $set-times (local.get $a) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 2) (i64.const 1) (i32.const 1000000000) (i32.const 0))",
            "(call $set-times (local.get $a) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 2) (i64.const -1) (i32.const 1) (i32.const 0))",
        }.Select(call => FilesText.Calling(text, call))));

        Assert.Equal("okokokokok!12!12", answer);
        Assert.Equal("0123", File.ReadAllText(PathOf("a")));
        Assert.Equal(DateTime.UnixEpoch.AddSeconds(1234.5), File.GetLastWriteTimeUtc(PathOf("a")));
    }

    /// <summary>Each is a descriptor of the process, which its neighbours need as well.</summary>
    [Theory]
    [InlineData(128, false, "")]
    [InlineData(129, false, FilesText.InsufficientMemory)]
    [InlineData(5000, true, "")]
    public async Task OpenFiles_OfOneRequest_AreBounded(int times, bool drops, string answer)
    {
        File.WriteAllText(PathOf("a"), "text");
        var text = FilesText.New();
        await using var host = await StartAsync(text.Build([$"""
            (local.set $i (i32.const {times}))
            (local.set $b (call $root))
            (loop $more
              (local.set $a (call $open (local.get $b) {text.Text("a")} (i32.const 0) (i32.const 1)))
              {(drops ? "(call $drop-descriptor (local.get $a))" : "")}
              (local.set $i (i32.sub (local.get $i) (i32.const 1)))
              (br_if $more (i32.and (i32.ne (local.get $a) (i32.const 0)) (i32.ne (local.get $i) (i32.const 0)))))
            """]));

        Assert.Equal(answer, await host.Client.GetStringAsync("/", Cancellation));
        Assert.Equal(answer, await host.Client.GetStringAsync("/", Cancellation));
    }

    [Fact]
    public async Task Streams_KeepTheirFileOpen_AndGiveItBack()
    {
        File.WriteAllText(PathOf("a"), "text");

        var answer = await GetAsync(text => $"""
            (local.set $i (i32.const 1000))
            (local.set $b (call $root))
            (loop $more
              (local.set $a (call $open (local.get $b) {text.Text("a")} (i32.const 0) (i32.const 3)))
              (call $read-via-stream (local.get $a) (i64.const 0) (i32.const 0)) (local.set $c (i32.load (i32.const 4)))
              (call $append-via-stream (local.get $a) (i32.const 0))
              (call $drop-descriptor (local.get $a)) (call $drop-output-stream (i32.load (i32.const 4)))
              (call $read (local.get $c) (i64.const 1) (i32.const 0)) (if (i32.load8_u (i32.const 0)) (then unreachable))
              (call $drop-input-stream (local.get $c))
              (local.set $a (call $open (local.get $b) {text.Text("sub")} (i32.const 2) (i32.const 1)))
              (call $read-directory (local.get $a) (i32.const 0))
              (call $drop-descriptor (local.get $a)) (call $drop-directory-entry-stream (i32.load (i32.const 4)))
              (local.set $i (i32.sub (local.get $i) (i32.const 1)))
              (br_if $more (local.get $i)))
            """);

        Assert.Equal("", answer);
    }

    [Fact]
    public async Task Descriptors_ThatAreLeftOpen_AreClosedWithTheRun()
    {
        File.WriteAllText(PathOf("a"), "text");
        var text = FilesText.New();
        await using var host = await StartAsync(text.Build([
            $"(drop {FilesText.Open(text, "a")}) (drop {FilesText.Open(text, "a")})",
            $"(call $read-via-stream {FilesText.Open(text, "a")} (i64.const 0) (i32.const 0))",
            $"(call $read-directory {FilesText.Open(text, "sub", how: 2)} (i32.const 0)) (call $next-entry (i32.load (i32.const 4)) (i32.const 0))"]));

        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal("", await host.Client.GetStringAsync("/", Cancellation));
        }

        var open = Directory.GetFiles("/proc/self/fd").Select(file => new FileInfo(file).LinkTarget).Where(target => target?.StartsWith(_volume.Folder, StringComparison.Ordinal) == true);
        Assert.Empty(open);
    }

    [Theory]
    [InlineData("(call $stat (i32.const 77) (i32.const 0))")]
    [InlineData("(call $stat (i32.const -1) (i32.const 0))")]
    [InlineData("(call $stat (local.get $request) (i32.const 0))")]
    [InlineData("(call $next-entry (call $root) (i32.const 0))")]
    [InlineData("(local.set $a (call $root)) (call $drop-descriptor (local.get $a)) (call $stat (local.get $a) (i32.const 0))")]
    [InlineData("(call $read (call $root) (i64.const 1) (i32.const 0))")]
    [InlineData("(call $rename-at (call $root) (i32.const 0) (i32.const 1) (global.get $stream) (i32.const 0) (i32.const 1) (i32.const 0))")]
    [InlineData("(call $error-code (call $root) (i32.const 0))")]
    public async Task HandleThatLeadsNowhere_Traps(string call) =>
        Assert.Contains("unknown handle", await TrapAsync(_ => call), StringComparison.Ordinal);

    [Theory]
    [InlineData("(call $open-at (call $root) (i32.const 0) (i32.const -8) (i32.const 16) (i32.const 0) (i32.const 1) (i32.const 0))")]
    [InlineData("(call $open-at (call $root) (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 1) (i32.const 0))")]
    [InlineData("(call $stat (call $root) (i32.const 1048560))")]
    [InlineData("(call $stat (call $root) (i32.const 4))")]
    [InlineData("(call $symlink-at (call $root) (i32.const 0) (i32.const 1) (i32.const 1048570) (i32.const 100) (i32.const 0))")]
    public async Task PointerThatIsWrong_Traps(string call) => Assert.Contains("pointer", await TrapAsync(_ => call), StringComparison.Ordinal);

    [Theory]
    [InlineData("(call $advise (call $root) (i64.const 0) (i64.const 0) (i32.const 6) (i32.const 0))")]
    [InlineData("(call $set-times (call $root) (i32.const 3) (i64.const 0) (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0))")]
    public async Task ValueThatItsTypeDoesNotHave_Traps(string call) => Assert.Contains("none of the values", await TrapAsync(_ => call), StringComparison.Ordinal);

    [Fact]
    public async Task PathThatIsNoText_Traps() => Assert.Contains("not UTF-8", await TrapAsync(_ => """
        (i32.store (i32.const 8) (i32.const 0xfffe)) (call $stat-at (call $root) (i32.const 0) (i32.const 8) (i32.const 2) (i32.const 0))
        """), StringComparison.Ordinal);

    [Theory]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(100_000)]
    public async Task PathThatIsTooLong_IsRefused(int length) => Assert.Equal("!18!18!18", await GetAsync(text =>
    {
        var path = text.Text(new string('x', length));
        return FilesText.Calling(text, $"(call $stat-at (call $root) (i32.const 0) {path} (i32.const 0))", 8)
            + FilesText.Calling(text, $"(call $create-directory-at (call $root) {path} (i32.const 0))")
            + FilesText.Calling(text, $"(call $rename-at (call $root) {path} (call $root) {path} (i32.const 0))");
    }));

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    public async Task PathThatIsNone_IsRefused(string path)
    {
        File.WriteAllText(PathOf("a"), "text");

        Assert.StartsWith("!", await GetAsync(FilesText.Reading(path)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FileIsNoFolder_AndAFolderNoFile()
    {
        File.WriteAllText(PathOf("a"), "text");

        Assert.Equal("!24", await GetAsync(FilesText.Listing("a")));
        Assert.Equal("!3", await GetAsync(FilesText.Reading("sub")));
        Assert.Equal("!24", await GetAsync(FilesText.Reading("a/b")));
    }

    [Fact]
    public async Task ComponentWithoutVolumes_FindsNoDirectories()
    {
        var text = FilesText.New();
        await using var host = await HandlerHost.StartAsync(text.Build(["(call $directories (i32.const 0)) (call $number (i32.load (i32.const 4)))"]));

        Assert.Equal("0", await host.Client.GetStringAsync("/", Cancellation));
    }

    [Fact]
    public async Task Directories_HaveTheNamesOfTheVolumes_InTheirOrder()
    {
        Directory.CreateDirectory(_volume.Around.PathOf("other"));
        File.WriteAllText(_volume.Around.PathOf("other/b"), "");
        var text = FilesText.New();
        await using var host = await HandlerHost.StartAsync(
            text.Build([$"""
                (call $directories (i32.const 0)) (local.set $a (i32.load (i32.const 0)))
                (call $print (i32.load offset=4 (local.get $a)) (i32.load offset=8 (local.get $a)))
                (call $print (i32.load offset=16 (local.get $a)) (i32.load offset=20 (local.get $a)))
                {FilesText.Calling(text, $"(call $stat-at (i32.load offset=12 (local.get $a)) (i32.const 0) {text.Text("b")} (i32.const 0))", 8)}
                """]),
            entry: entry => entry with { Volumes = [new Volume("/data", _volume.Folder, false), new Volume("/ö", _volume.Around.PathOf("other"), true)] });

        Assert.Equal("/data/öok", await host.Client.GetStringAsync("/", Cancellation));
    }

    [Fact]
    public async Task Directories_CanBeDropped_AndAskedForAgain() => Assert.Equal("okok", await GetAsync(text => $"""
        (local.set $a (call $root)) (local.set $b (call $root))
        (call $drop-descriptor (local.get $a))
        {FilesText.Calling(text, $"(call $stat-at (local.get $b) (i32.const 0) {text.Text("sub")} (i32.const 0))", 8)}
        (call $drop-descriptor (local.get $b))
        {FilesText.Calling(text, $"(call $stat-at (call $root) (i32.const 0) {text.Text("sub")} (i32.const 0))", 8)}
        """));

    [Fact]
    public async Task RequestsAtTheSameTime_HaveTheirOwnFilesOpen()
    {
        var content = string.Concat(Enumerable.Repeat("a line of text\n", 20_000));
        File.WriteAllText(PathOf("a"), content);
        await using var host = await StartAsync(FilesText.Reading("a"));

        await Parallel.ForAsync(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Cancellation }, async (_, token) =>
            Assert.Equal(content, await host.Client.GetStringAsync("/", token)));
    }

    [Fact]
    public async Task MemoryLimit_IsTheComponentsOwn()
    {
        File.WriteAllText(PathOf("a"), "text");
        var wat = FilesText.Reading("a");
        foreach (var (limit, status) in new[] { (16L << 16, HttpStatusCode.OK), (15L << 16, HttpStatusCode.InternalServerError) })
        {
            await using var host = await HandlerHost.StartAsync(
                wat, entry: entry => entry with { Volumes = [new Volume("/data", _volume.Folder, false)], MemoryLimit = limit });
            using var response = await host.Client.GetAsync("/", Cancellation);
            Assert.Equal(status == HttpStatusCode.OK, response.StatusCode == HttpStatusCode.OK);
        }
    }

    /// <summary>As adapters do: its code is another engine's, and so has to be what calls Wasmtime's WASI for it.</summary>
    [Fact]
    public async Task ComponentThatGrowsTheMemoryOfAnotherModule_ReadsFiles()
    {
        File.WriteAllText(PathOf("a"), "text");
        var growing = FilesText.Reading("a").Replace("(global.set $out (local.get $outparam))", "(global.set $out (local.get $outparam)) (drop (memory.grow (i32.const 1)))", StringComparison.Ordinal);
        await using var host = await StartAsync(growing);
        await using var other = await StartAsync(FilesText.Reading("a"));

        for (var i = 0; i < 2; i++)
        {
            Assert.Equal("text", await host.Client.GetStringAsync("/", Cancellation));
            Assert.Equal("text", await other.Client.GetStringAsync("/", Cancellation));
        }
    }

    /// <summary>Where memories are Wasmtime's, there is one more for each run.</summary>
    [Fact]
    public async Task Pool_HasRoomForFiles()
    {
        File.WriteAllText(PathOf("a"), "text");
        using var engine = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 1, Memories = GuestMemories.Pool });
        await using var host = await StartAsync(FilesText.Reading("a"), engine: engine);

        Assert.Equal("text", await host.Client.GetStringAsync("/", Cancellation));
        Assert.Equal("text", await host.Client.GetStringAsync("/", Cancellation));
    }

    [Fact]
    public async Task VolumeThatIsGone_IsNamed()
    {
        await using var host = await StartAsync(FilesText.Reading("a"));
        Directory.Delete(_volume.Folder, recursive: true);

        using var response = await host.Client.GetAsync("/", Cancellation);

        Assert.NotEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("volume '/data'", Log(host), StringComparison.Ordinal);
    }

    public void Dispose() => _volume.Dispose();

    private static string Log(HandlerHost host) => string.Join('\n', host.Log.Lines);

    private static string Fill(string call, HandlerText text, string first, string second) => call
        .Replace("$1", text.Text(first), StringComparison.Ordinal).Replace("$2", text.Text(second), StringComparison.Ordinal);
}
