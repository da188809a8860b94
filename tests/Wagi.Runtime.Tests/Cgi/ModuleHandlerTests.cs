using System.Net;
using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Cgi;

public class ModuleHandlerTests
{
    [Fact]
    public async Task Handler_Answers_WhatTheGuestPrints()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Printing("Content-Type: text/plain\n\nHello, world\n"));

        using var response = await host.Client.GetAsync("/");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/plain", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(13, response.Content.Headers.ContentLength);
        Assert.Equal("Hello, world\n", await response.Content.ReadAsStringAsync());
    }
}
