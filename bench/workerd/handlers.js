// What the runtime's handlers are compared with in workerd, where all requests share one isolate. They do what samples/c/hello.c, echo.c and fetch.c
// and bench/native/json.rs and compute.rs do, as it is written in JavaScript.
const text = (body) => new Response(body, { headers: { "Content-Type": "text/plain" } });

const handlers = {
  hello: () => text("Hello, world (version 1)\n"),

  echo: (request) => new Response(request.body, { headers: { "Content-Type": request.headers.get("Content-Type") ?? "application/octet-stream" } }),

  fetch: async (request) => {
    const answer = await fetch(new URL(request.url).searchParams.get("url"));
    return new Response(answer.body, { status: answer.status, headers: { "Content-Type": answer.headers.get("Content-Type") } });
  },

  json: () => text(`${transform(orders()).length}\n`),

  compute: () => text(`${primes(1_000_000)}\n`),
};

function orders() {
  const one = (_, i) => `{ "id": ${i}, "customer": "Customer \\"${i}\\"", "amounts": [ ${i}.5, 2, 30.25 ] }`;
  return `[ ${Array.from({ length: 500 }, one).join(", ")} ]`;
}

function transform(json) {
  const sorted = (order) => Object.fromEntries(Object.entries(order).sort(([left], [right]) => (left < right ? -1 : 1)));
  return JSON.stringify(JSON.parse(json).map((order) => sorted({ ...order, total: order.amounts.reduce((sum, amount) => sum + amount) })));
}

function primes(limit) {
  const composite = new Uint8Array(limit);
  let count = 0;
  for (let number = 2; number < limit; number++) {
    if (composite[number] === 0) {
      count++;
      for (let multiple = number * number; multiple < limit; multiple += number) {
        composite[multiple] = 1;
      }
    }
  }
  return count;
}

export default {
  // The first part of the path is the handler's name.
  fetch: (request) => handlers[new URL(request.url).pathname.slice(1)](request),
};
