using System.Globalization;
using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Http;
using Wagi.Bench.Servers;
using Wagi.Modules.Routes;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Worlds;

namespace Wagi.Bench.Micro;

/// <summary>The parts of a request that are ours, each alone. Public, because BenchmarkDotNet finds it by reflection.</summary>
public class RequestParts
{
    private const int Routes = 1_000;
    private const string Path = "/team-500/service/orders/17";

    private readonly RoutePattern _route = RoutePattern.Parse("/team-500/service/...");
    private readonly StringBlock _environment = new();
    private readonly MetaVariables _variables = new(new Dictionary<string, string> { ["GREETING"] = "hello" }, defaultHost: null, new RequestFields(PassAuthorization: false));
    private readonly byte[] _block = "Content-Type: text/plain\nCache-Control: no-store\nX-Request-Id: 17\n\n"u8.ToArray();

    private RouteTable<string> _table = null!;
    private HttpContext _context = null!;
    private Action _makeInstance = null!;

    [GlobalSetup]
    public void SetUp()
    {
        var builder = new RouteTableBuilder<string>();
        for (var i = 0; i < Routes; i++)
        {
            builder.TryAdd(null, RoutePattern.Parse(string.Create(CultureInfo.InvariantCulture, $"/team-{i}/service/...")), "target");
        }

        _table = builder.Build();
        _context = InProcessHandler.CreateContext("?page=2", Path);
        _context.Request.Headers.Accept = "*/*";
        _context.Request.Headers.UserAgent = "bench";
        // As long as the process.
        var engine = GuestEngines.Create(new GuestEngineOptions());
        _makeInstance = new InstanceMaker(engine, engine.Compile(File.ReadAllBytes(ServedSamples.HelloInC))).MakeAndDrop;
    }

    [Benchmark]
    public string? RouteLookup() => _table.TryMatch("example.com", Path, out var target) ? target : null;

    [Benchmark]
    public int MetaVariables()
    {
        _environment.Clear();
        _variables.Write(_environment, _context, RequestTarget.Of(_context, _route), _route, bodyLength: 0);
        return _environment.Count;
    }

    [Benchmark]
    public string? HeaderBlock()
    {
        _context.Response.Headers.Clear();
        return ResponseHead.FindEnd(_block, 0) == _block.Length ? ResponseHead.Apply(_block, _context) : throw new InvalidOperationException();
    }

    [Benchmark]
    public void Instance() => _makeInstance();
}
