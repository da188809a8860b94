// Looks at the operator's console with a real browser.
//
//   node operator-console.mjs PLAYWRIGHT CHROMIUM SCENARIO URL [STANDBY-URL | API-SERVER-URL | FOLDER]
//
// SCENARIO: all, many, or pictures, which writes them into FOLDER. The rest is as browser.mjs says.
import assert from "node:assert/strict";
import { close, open, rest, row, run, scrollsWithoutAStutter, sees, seesEnoughContrast, text } from "./browser.mjs";

const [where] = rest;
const names = page => page.locator("#rows .name").allInnerTexts().then(all => all.sort());
const all = ["blog/comments", "blog/feed", "blog/posts", "lab/tryout", "ops/import", "ops/old", "ops/report", "shop/cart", "shop/catalog", "shop/checkout", "shop/search"];

await run({
  async all() {
    const page = await open();
    await sees("each WagiModule", async () => assert.deepEqual(await names(page), all));
    for (const [id, state, facts] of [
      ["shop/cart", "Serving", [/\/cart\/\.\.\./, /teams/, /^v1$/m, /\tall\t/]],
      ["shop/checkout", "Serving", [/shop\.example\.com \/checkout/]],
      ["shop/catalog", "Last good serves", [/NotFound/, /[0-9a-f]{12}/]],
      ["ops/import", "Failing", [/EntrypointMissing/, /\tnone\t/]],
      ["ops/report", "Suspended", []],
      ["blog/posts", "Not programmed", [/RouteConflict/, /shop\/search/]],
      ["blog/feed", "Not programmed", [/NotAllowedByClass/]],
      ["blog/comments", "Not programmed", [/SecretNotFound/]],
      ["lab/tryout", "Not programmed", [/NotAllowedByClass/]],
      ["ops/old", "Not programmed", [/legacy/, /ClassNotFound/]],
    ]) {
      await sees(`${id}: ${state}`, async () => {
        const shown = await text(row(page, id));
        assert.ok(shown.startsWith(state), shown);
        for (const fact of facts) assert.match(shown, fact);
      });
    }
    await sees("its conditions, each with its reason", async () => {
      const conditions = row(page, "shop/catalog").locator(".conditions > span");
      assert.deepEqual(await conditions.evaluateAll(all => all.map(one => `${one.className} ${one.textContent}`)),
        ["yes Accepted is True: Accepted", "no Resolved is False: NotFound", "no Programmed is False: NotResolved", "no Ready is False: NotFound"]);
    });
    await sees("counts by state", async () => {
      const states = await page.locator("#states button:visible").allInnerTexts();
      assert.deepEqual(states, ["All 11", "Failing 1", "Not programmed 5", "Last good serves 1", "Suspended 1", "Serving 3"]);
    });
    await sees("leader, last turn, runtimes and room", async () => {
      assert.equal(await text(page.locator("#state")), "leader");
      assert.match(await text(page.locator("#t-turn")), /^\d+[sm] ago$/);
      assert.match(await text(page.locator("#t-turn-note")), /^took [\d.]+ (µs|ms|s)$/);
      assert.equal(await text(page.locator("#t-runtimes")), "2 / 3");
      assert.match(await text(page.locator("#t-room")), /^99\.\d % free$/);
      assert.match(await text(page.locator("#t-room-note")), /^[\d.]+ KiB of 977 KiB, and \d+ B in the Secret$/);
    });

    await page.getByLabel("Filter").fill("shop /ca");
    await sees("those that fit the filter", async () => {
      assert.deepEqual(await names(page), ["shop/cart", "shop/catalog"]);
      assert.equal(await text(page.locator("#shown")), "2 of 11");
    });
    await page.getByLabel("Filter").fill("");
    await page.getByRole("button", { name: "Not programmed" }).click();
    await sees("those of a state", async () => assert.deepEqual(await names(page), ["blog/comments", "blog/feed", "blog/posts", "lab/tryout", "ops/old"]));
    await page.getByRole("button", { name: /^All/ }).click();
    await page.getByRole("button", { name: "WagiModule and route" }).focus();
    await page.keyboard.press("Enter");
    await sees("the order of their names", async () => {
      assert.deepEqual(await page.locator("#rows .name").allInnerTexts(), all);
      assert.equal(await page.getByRole("columnheader", { name: "WagiModule and route" }).getAttribute("aria-sort"), "ascending");
    });

    // From here on without a mouse.
    await page.mouse.move(0, 0);
    await page.locator("#filter").focus();
    for (let i = 0; i < 40 && !await page.evaluate(() => document.activeElement.matches("#rows a")); i++) await page.keyboard.press("Tab");
    await page.keyboard.press("Home");
    for (let i = 0; i < all.indexOf("shop/cart"); i++) await page.keyboard.press("ArrowDown");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "shop/cart");
    assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), "none", "focus is visible");
    await page.keyboard.press("Enter");
    await sees("the WagiModule's page, by keyboard alone", async () => {
      assert.equal(await page.evaluate(() => document.activeElement.textContent), "shop/cart");
      assert.equal(await page.title(), "shop/cart · wagi operator");
    });
    await sees("names of its environment, and no value", async () => {
      assert.match(await text(page.locator("#m-environment")), /CURRENCY\s+the spec/);
      assert.match(await text(page.locator("#m-environment")), /TOKEN\s+Secret payments, key token/);
      assert.doesNotMatch(await page.content(), /secret-value/);
    });
    await sees("what it asks for, and what is served", async () => {
      const facts = await text(page.locator("#m-facts"));
      assert.match(facts, /resolved\s+127\.0\.0\.1:\d+\/samples\/hello:v1@sha256:[0-9a-f]{64}/);
      assert.match(facts, /served routes\s+\/cart\/\.\.\./);
      assert.match(await text(page.locator("#m-hosts")), /https:\/\/api\.example\.com/);
      assert.equal(await text(page.locator("#m-generation")), "generation 1");
    });
    await sees("what each runtime says", async () => {
      const says = await text(page.locator("#m-says"));
      for (const runtime of ["wagi-runtime-1", "wagi-runtime-2"]) assert.match(says, new RegExp(`${runtime}\\s+Ready`));
    });
    await page.goBack();
    await sees("the list again, where it was left", async () => assert.equal(await page.evaluate(() => document.activeElement.textContent), "shop/cart"));

    await row(page, "blog/feed").click();
    await sees("a whole message, and what helps", async () => {
      const conditions = await text(page.locator("#m-conditions"));
      assert.match(conditions, /Accepted\s+False: NotAllowedByClass\s+for \d+[sm]/);
      assert.match(conditions, /spec\.timeout: 5m is more than 30s \(rule spec\.limits\.timeout of WagiClass 'teams'; those who may write WagiClasses can change it\)/);
      assert.match(conditions, /The spec breaks rules of its class/);
      assert.match(conditions, /kubectl get wagiclasses --output yaml/);
    });
    await page.goBack();
    await row(page, "blog/posts").click();
    await sees("who has the route that it asks for", async () => assert.match(await text(page.locator("#m-lost")), /Its route belongs to shop\/search/));
    await page.locator("#m-lost a").click();
    await sees("who asks for the route that another has", async () => assert.equal(await text(page.locator("#m-won")), "blog/posts"));

    await page.getByRole("link", { name: "Classes and runtimes" }).click();
    const teams = page.getByRole("region", { name: "Class teams" });
    await sees("the class with its rules, and what it serves", async () => {
      const shown = await text(teams);
      assert.match(shown, /this operator's/);
      assert.match(shown, /10 WagiModules/);
      assert.match(shown, /namespaces\s+wagi=allowed/);
      assert.match(shown, /outbound origins\s+https:\/\/\*\.example\.com/);
      assert.match(shown, /timeout\s+10s unless the module says otherwise, at most 30s/);
      assert.match(shown, /budget of a namespace\s+20 WagiModules, 128 KiB/);
      assert.match(shown, /Serves 3 namespaces: blog, ops, shop/);
    });
    await sees("what namespaces take of its budget", async () => assert.match(await text(teams), /shop\s+4 of 20\s+[\d.]+ (B|KiB) of 128 KiB/));
    await sees("that another class is not there", async () => assert.match(await text(page.getByRole("region", { name: "Class legacy" })), /does not exist/));
    await sees("the runtimes", async () => {
      const runtimes = await text(page.locator("#c-runtimes"));
      assert.match(runtimes, /wagi-runtime-1\s+Ready\s+\d+\.\d+\.\d+\S*\s+[0-9a-f]{12}\s+6\s+1/);
      assert.match(runtimes, /wagi-runtime-3\s+Starting/);
    });
    await close(page);

    const direct = await open({}, "/#/module/ops%2Fimport");
    await sees("a WagiModule by its own address", async () => {
      assert.match(await text(direct.locator("#module .title")), /ops\/import\s+Failing/);
      assert.match(await text(direct.locator("#m-says")), /wagi-runtime-2\s+Failed\s+EntrypointMissing/);
    });
    await close(direct);

    await seesEnoughContrast("/", async shown => assert.equal(await row(shown, "shop/cart").count(), 1));
    await seesEnoughContrast("/#/classes", async shown => assert.match(await text(shown.locator("#c-classes")), /teams/));
    await seesEnoughContrast("/#/module/blog%2Ffeed", async shown => assert.match(await text(shown.locator("#m-conditions")), /NotAllowedByClass/));

    const standby = await open({}, "/", where);
    await sees("that the other instance is a standby, and what it knows", async () => {
      assert.equal(await text(standby.locator("#state")), "standby");
      assert.match(await text(standby.locator("#standby")), /another one leads/);
      assert.ok((await text(row(standby, "shop/catalog"))).startsWith("Last good serves"));
      assert.equal(await text(standby.locator("#t-turn-note")), "a standby takes no turns");
    });
    await close(standby);
  },

  async many() {
    const page = await open();
    await sees("that all have been looked at, and are in several states", async () => {
      assert.match((await page.locator("#states button:visible").allInnerTexts()).join(", "), /^All 5,000, Failing [\d,]+, Not programmed \d+, Suspended 52$/);
    });
    const path = i => `${where}/apis/wagi.dev/v1alpha1/namespaces/team-${String(i % 50).padStart(2, "0")}/wagimodules/module-${String(i).padStart(4, "0")}`;
    const edit = setInterval(() => {
      const i = Math.floor(Math.random() * 5000);
      fetch(path(i), { method: "PATCH", headers: { "Content-Type": "application/merge-patch+json" }, body: JSON.stringify({ spec: { argv: String(Date.now()) } }) }).catch(() => {});
    }, 100);
    await scrollsWithoutAStutter(page, "team-07 module-4");
    clearInterval(edit);
    await close(page);
  },

  async pictures() {
    for (const [name, colorScheme, at, isThere] of [
      ["operator", "light", "/", page => row(page, "shop/cart").waitFor()],
      ["operator", "dark", "/", page => row(page, "shop/cart").waitFor()],
      ["operator-module", "light", "/#/module/shop%2Fcatalog", page => page.locator("#m-says tr").first().waitFor()],
      ["operator-classes", "light", "/#/classes", page => page.getByRole("region", { name: "Class teams" }).waitFor()],
    ]) {
      const page = await open({ colorScheme, viewport: { width: 1440, height: name === "operator" ? 920 : 700 } }, at);
      await isThere(page);
      await page.evaluate(() => { document.querySelector("#identity code").textContent = "wagi-operator-0"; });
      await page.screenshot({ path: `${where}/console-${name}-${colorScheme}.png`, fullPage: true });
      await close(page);
    }
  },
});
