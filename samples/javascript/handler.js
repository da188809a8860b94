// A handler of wasi:http in JavaScript, in the form of a service worker: GET /NAME greets, POST echoes, ?url=URL fetches.
addEventListener('fetch', (event) => event.respondWith(handle(event.request)));

async function handle(request) {
  const { pathname, searchParams } = new URL(request.url);
  if (request.method === 'POST') {
    return new Response(request.body, { headers: { 'content-type': request.headers.get('content-type') ?? 'text/plain' } });
  }

  if (searchParams.has('url')) {
    const response = await fetch(searchParams.get('url'));
    return new Response(await response.text(), { status: response.status });
  }

  try {
    return Response.json({ hello: decodeURIComponent(pathname.split('/').at(-1)) });
  } catch {
    return new Response('the name is not UTF-8\n', { status: 400 });
  }
}
