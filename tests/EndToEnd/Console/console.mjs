// Looks at the runtime's console with a real browser.
//
//   node console.mjs PLAYWRIGHT CHROMIUM SCENARIO ADMIN-URL MODULES-URL [FOLDER]
//
// SCENARIO: all, read-only, many, or pictures, which writes them into FOLDER. The rest is as browser.mjs says.
import assert from "node:assert/strict";
import { close, complaints, open, rest, row, run, scrollsWithoutAStutter, sees, seesEnoughContrast, text } from "./browser.mjs";

const [modulesUrl, folder] = rest;
const send = (path, options) => fetch(modulesUrl + path, options).then(response => response.text());

await run({
  async all() {
    const page = await open();
    await sees("each module", async () => {
      for (const id of ["shop/cart", "shop/checkout", "blog/posts", "ops/import"]) assert.equal(await row(page, id).count(), 1, id);
    });
    await sees("a failed module with its reason", async () => {
      const failed = await text(row(page, "ops/import"));
      assert.match(failed, /^Failed/);
      assert.match(failed, /UnknownImport/);
      assert.match(failed, /env\.nothing/);
    });
    await sees("that the last good version of another serves", async () => {
      const stale = await text(row(page, "blog/posts"));
      assert.match(stale, /^Last good serves/);
      assert.match(stale, /NotWasm/);
    });
    await sees("ready ones", async () => assert.match(await text(row(page, "shop/cart")), /^Ready/));

    await send("/cart/items?password=hidden", { headers: { "X-Request-Id": "seen-in-the-tail" } });
    const tail = page.getByRole("region", { name: "Requests" });
    await sees("a request that is made meanwhile", async () => {
      const line = await text(tail.locator("tr", { hasText: "seen-in-the-tail" }));
      assert.match(line, /shop\/cart/);
      assert.match(line, /GET \/cart\/items\s/);
      assert.match(line, /200/);
      assert.doesNotMatch(line, /hidden/);
    });
    await sees("the figures of its module", async () => {
      const cells = await row(page, "shop/cart").locator("td").allInnerTexts();
      assert.match(cells[6], /^[\d.]+ (µs|ms)$/);
      assert.match(cells[7], /^[\d.]+ (µs|ms)$/);
      assert.equal(cells[8], "0 %");
      assert.equal(cells[9], "64 KiB");
      assert.ok(await row(page, "shop/cart").locator("svg path[d]").count() > 0, "a sparkline");
    });
    await send("/checkout", { headers: { "X-Request-Id": "seen-to-fail" } });
    await sees("a failure with id and reason", async () => {
      const line = await text(page.getByRole("region", { name: "Last failures" }).locator("tr", { hasText: "seen-to-fail" }));
      assert.match(line, /shop\/checkout/);
      assert.match(line, /500/);
      assert.match(line, /trapped: .*unreachable/);
    });
    await page.getByLabel("Filter").nth(1).fill("checkout");
    await sees("only requests that fit the filter", async () => {
      assert.equal(await tail.locator("tr", { hasText: "seen-in-the-tail" }).count(), 0);
      assert.equal(await tail.locator("tr", { hasText: "seen-to-fail" }).count(), 1);
    });
    await page.getByLabel("Filter").nth(1).fill("");

    await page.getByLabel("Filter").first().fill("shop /ca");
    await sees("only modules that fit the filter", async () => {
      assert.deepEqual((await page.locator("#rows .name").allInnerTexts()).sort(), ["shop/cart", "shop/catalog"]);
      assert.match(await text(page.locator("#shown")), /^2 of \d+$/);
    });
    await page.getByLabel("Filter").first().fill("");
    await page.getByRole("button", { name: "Failed", exact: true }).click();
    await sees("only failed modules", async () => assert.deepEqual((await page.locator("#rows .name").allInnerTexts()).sort(), ["blog/posts", "ops/import"]));
    await page.getByRole("button", { name: "All", exact: true }).click();

    await page.getByRole("button", { name: "Module and route" }).focus();
    await page.keyboard.press("Enter");
    await sees("modules in the order of their names", async () => {
      const names = await page.locator("#rows .name").allInnerTexts();
      assert.deepEqual(names, [...names].sort());
      assert.equal(await page.getByRole("columnheader", { name: "Module and route" }).getAttribute("aria-sort"), "ascending");
    });

    // From here on without a mouse.
    await page.mouse.move(0, 0);
    await page.locator("#filter").focus();
    for (let i = 0; i < 40 && !await page.evaluate(() => document.activeElement.matches("#rows a")); i++) await page.keyboard.press("Tab");
    await page.keyboard.press("Home");
    const names = await page.locator("#rows .name").allInnerTexts();
    for (let i = 0; i < names.indexOf("shop/cart"); i++) await page.keyboard.press("ArrowDown");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "shop/cart");
    assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), "none", "focus is visible");
    await page.keyboard.press("Enter");
    await sees("the module's page, by keyboard alone", async () => {
      assert.equal(await page.evaluate(() => document.activeElement.textContent), "shop/cart");
      assert.equal(await page.title(), "shop/cart · wagi console");
    });
    await sees("names of its environment, and no value", async () => {
      assert.match(await text(page.locator("#m-environment")), /CURRENCY\s+entry/);
      assert.match(await text(page.locator("#m-environment")), /REGION\s+all modules/);
      assert.doesNotMatch(await page.content(), /secret-value/);
    });
    await sees("its limits and outbound origins", async () => {
      assert.match(await text(page.locator("#m-limits")), /timeout\s+5s/);
      assert.match(await text(page.locator("#m-limits")), /64Mi/);
      assert.match(await text(page.locator("#m-hosts")), /https:\/\/api\.example\.com:443/);
    });
    const form = page.locator("#send");
    await form.getByLabel("Path and query").fill("/cart/from-the-form");
    await form.getByLabel("Headers").fill("X-Request-Id: by-the-form");
    await form.getByLabel("Path and query").press("Enter");
    await sees("the answer to the form's request", async () => {
      assert.match(await text(page.locator("#answer")), /200 OK/);
      assert.match(await text(page.getByLabel("Headers of the answer")), /by-the-form/);
      assert.match(await text(page.getByLabel("Body of the answer")), /^Hello, world/);
    });
    await sees("that request in the module's tail", async () => assert.equal(await page.locator("#tail tr", { hasText: "by-the-form" }).count(), 1));
    await form.getByLabel("Path and query").fill("nonsense");
    await form.getByRole("button", { name: "Send" }).click();
    complaints.length = 0; // The browser notes the status 400 that follows, as it should be.
    await sees("what is wrong with a request", async () => assert.match(await text(page.locator("#answer")), /does not begin with a slash/));
    complaints.splice(0, complaints.length, ...complaints.filter(complaint => !complaint.includes("400")));
    await page.goBack();
    await sees("the list again, where it was left", async () => assert.equal(await page.evaluate(() => document.activeElement.textContent), "shop/cart"));
    await close(page);

    const direct = await open({}, "/#/module/ops%2Fimport");
    await sees("a module by its own address", async () => {
      assert.match(await text(direct.locator("#module .title")), /ops\/import\s+Failed/);
      assert.match(await text(direct.locator("#m-message")), /UnknownImport: .*env\.nothing/);
    });
    await close(direct);

    await seesEnoughContrast("/", async shown => assert.equal(await row(shown, "shop/cart").count(), 1));
  },

  async "read-only"() {
    const page = await open({}, "/#/module/shop%2Fcart");
    await sees("that this console sends nothing", async () => {
      assert.match(await text(page.locator("#module")), /This console only shows/);
      assert.equal(await page.locator("#send").isVisible(), false);
    });
    await close(page);
  },

  async many() {
    const page = await open();
    const load = setInterval(() => { for (let i = 0; i < 20; i++) send(`/m/${String(Math.floor(Math.random() * 5000)).padStart(4, "0")}`).catch(() => {}); }, 50);
    try {
      await scrollsWithoutAStutter(page, "team-07 module-4");
    } finally {
      clearInterval(load);
    }
    await close(page);
  },

  async pictures() {
    const pages = [];
    for (const colorScheme of ["light", "dark"]) pages.push([colorScheme, await open({ colorScheme, viewport: { width: 1440, height: 1080 } })]);
    const paths = ["/cart/items/42", "/thumbnails/7.png", "/comments/17", "/posts/2026", "/search?q=wasm", "/nothing", "/cart/items/7"];
    for (const end = Date.now() + 62000; Date.now() < end;) {
      const busy = 1.2 + Math.sin(Date.now() / 6000);
      for (const path of paths) if (Math.random() < busy / 2) send(path).catch(() => {});
      if (Math.random() < busy / 3) send("/catalog/shoes", {}).catch(() => {});
      if (Math.random() < 0.03) send("/checkout", { method: "POST", body: "1" }).catch(() => {});
      if (Math.random() < 0.02) send("/report").catch(() => {});
      if (Math.random() < 0.015) send("/feed.xml").catch(() => {});
      await new Promise(resolve => setTimeout(resolve, 60));
    }
    for (const [name, page] of pages) {
      await page.evaluate(() => { document.querySelector("#file code").textContent = "modules.toml"; });
      await page.screenshot({ path: `${folder}/console-${name}.png`, fullPage: true });
      await close(page);
    }
  },
});
