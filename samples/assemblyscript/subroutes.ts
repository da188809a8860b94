// Exported functions need the runtime's memory to be set up, which _start does and they do without. So this module is
// a reactor (asc --exportStart _initialize): it has _initialize, which is called first, in place of _start, and whoever
// serves it names the function for the module's own route: entrypoint: main_page.

// Called once, when the module is loaded: each line is a path below the module's own route and the exported function
// that answers it. Of two lines that match a request the last one wins.
export function _routes(): void {
  console.log("/hello hello");
  console.log("/goodbye/... goodbye");
}

export function hello(): void {
  console.log("Content-Type: text/plain\n");
  console.log("Hello from hello()");
}

export function goodbye(): void {
  // What follows the route: "/moon" for .../goodbye/moon.
  const rest = process.env.has("PATH_INFO") ? process.env.get("PATH_INFO") : "";
  const name = rest.startsWith("/") ? rest.substring(1) : rest;
  console.log("Content-Type: text/plain; charset=utf-8\n");
  console.log("Goodbye, " + (name.length > 0 ? name : "world"));
}

export function main_page(): void {
  console.log("Content-Type: text/plain\n");
  console.log("Try /hello and /goodbye/NAME below this path");
}
