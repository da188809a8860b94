// A handler of wasi:http, in the form of a service worker. It gets the whole path of a request.
addEventListener('fetch', (event) => event.respondWith(handle(event.request)));

async function handle(request) {
  const path = new URL(request.url).pathname.slice('/{{name}}'.length);
  return new Response(`Hello from {{name}}: ${path}\n`, { headers: { 'content-type': 'text/plain' } });
}
