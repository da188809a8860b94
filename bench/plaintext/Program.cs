// What the runtime's speed is compared with: Kestrel alone, compiled in the same way. Without arguments it answers the same text as `hello`;
// with `echo` the body of the request, and with `fetch URL` what that URL answers.
switch (args)
{
    case []:
        var text = "Hello, world (version 1)\n"u8.ToArray();
        await BareServer.RunAsync(context =>
        {
            context.Response.ContentType = "text/plain";
            context.Response.ContentLength = text.Length;
            return context.Response.Body.WriteAsync(text, 0, text.Length);
        });
        return 0;
    case ["echo"]:
        await BareServer.RunAsync(context =>
        {
            context.Response.ContentType = context.Request.ContentType;
            context.Response.ContentLength = context.Request.ContentLength;
            return context.Request.Body.CopyToAsync(context.Response.Body);
        });
        return 0;
    case ["fetch", var url]:
        using (var client = new HttpClient())
        {
            await BareServer.RunAsync(async context =>
            {
                var answer = await client.GetByteArrayAsync(url);
                context.Response.ContentType = "text/plain";
                context.Response.ContentLength = answer.Length;
                await context.Response.Body.WriteAsync(answer);
            });
        }

        return 0;
    default:
        Console.Error.WriteLine("usage: plaintext [echo | fetch URL]");
        return 2;
}
