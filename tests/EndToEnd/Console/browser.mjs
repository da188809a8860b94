// What the tests of the consoles of runtime and operator have in common: a real browser, which complains of nothing.
//
//   node SCRIPT PLAYWRIGHT CHROMIUM SCENARIO URL …
//
// PLAYWRIGHT is the folder of playwright-core, SCENARIO one of the script's, URL the console's. A script prints a line for each thing that it has seen,
// and ends with 1 and the reason at the first that is not so.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";

const [playwright, chromiumPath, scenario, url, ...more] = process.argv.slice(2);
const { chromium } = await import(pathToFileURL(`${playwright}/index.mjs`));
// Root has no sandbox: what is opened is our own page.
const browser = await chromium.launch({ executablePath: chromiumPath, args: process.getuid() === 0 ? ["--no-sandbox"] : [] });

/** What the browser has complained of. */
export const complaints = [];

/** The arguments after the URL. */
export const rest = more;

export async function open(options = {}, at = "/", from = url) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 1000 }, ...options });
  const page = await context.newPage();
  page.on("console", message => { if (["error", "warning"].includes(message.type())) complaints.push(message.text()); });
  page.on("pageerror", error => complaints.push(error.message));
  page.on("request", request => { if (!request.url().startsWith(`${from}/`) && !request.url().startsWith("data:")) complaints.push(`asks ${request.url()}`); });
  await page.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", event => globalThis.violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
  });
  await page.goto(from + at);
  return page;
}

export async function close(page) {
  complaints.push(...await page.evaluate(() => globalThis.violations));
  await page.context().close();
}

export async function sees(what, check) {
  const end = Date.now() + 20000;
  for (;;) {
    try {
      await check();
      console.log(`sees ${what}`);
      return;
    } catch (error) {
      if (Date.now() > end) throw new Error(`does not see ${what}: ${error.message}`, { cause: error });
      await new Promise(resolve => setTimeout(resolve, 100));
    }
  }
}

export const text = locator => locator.innerText({ timeout: 2000 });

/** The row of a long list that has a link of that name. */
export const row = (page, id) => page.locator("#rows tr[data-row]").filter({ has: page.getByRole("link", { name: id, exact: true }) });

/** Looks for faint texts and for what moves, in light and dark. */
export async function seesEnoughContrast(at, isThere) {
  for (const colorScheme of ["light", "dark"]) {
    const shown = await open({ colorScheme, reducedMotion: "reduce" }, at);
    await sees(`enough contrast at ${at}, ${colorScheme}`, async () => {
      await isThere(shown);
      assert.deepEqual(await shown.evaluate(faintTexts), []);
    });
    assert.equal(await shown.evaluate(() => document.getAnimations().length), 0, "nothing moves for who does not want it");
    await close(shown);
  }
}

/**
 * Scrolls through a list of 5,000, filters it and goes to its end, while what it shows changes: the page never stands still for long.
 * `filter` fits some of them.
 */
export async function scrollsWithoutAStutter(page, filter) {
  await sees("5,000", async () => assert.match(await text(page.locator("#shown")), /^5,000/));
  assert.ok(await page.locator("#rows tr").count() < 100, "only rows in view are in the document");
  await page.evaluate(() => {
    new PerformanceObserver(list => globalThis.tasks.push(...list.getEntries().map(task => task.duration))).observe({ type: "longtask" });
  });
  // A page that stutters does so at each poll, whenever it is looked at. One that does so once or twice has a machine that did something else, which
  // may last; the rest takes a tenth of this.
  const third = values => values.toSorted((a, b) => b - a)[2];
  for (let looks = 1; ; looks++) {
    const [renders, tasks] = await scrolls(page, filter);
    console.log(`rendered in ${renders.join(", ")} ms; longest tasks ${tasks.join(", ")} ms`);
    if (third(renders) < 300 && third(tasks) < 500) break;
    assert.ok(looks < 3, `polls took ${renders.join(", ")} ms to show, and the page stood still for ${tasks.join(", ")} ms`);
  }

  await page.locator("#rows a").first().focus();
  await page.keyboard.press("End");
  await sees("the last of 5,000, by keyboard", async () => {
    assert.equal(await page.evaluate(() => document.activeElement.closest("tr").getAttribute("aria-rowindex")), "5001");
  });
}

/** Scrolls and filters for some polls: how long each took to show, and how long the page stood still. */
async function scrolls(page, filter) {
  await page.evaluate(() => { globalThis.tasks = [0, 0, 0]; });
  const renders = [];
  for (let i = 0; i < 8; i++) {
    await page.waitForTimeout(1000);
    renders.push(Number(await page.evaluate(() => document.documentElement.dataset.renderMs)));
    await page.locator("#modules-scroll").evaluate((list, i) => { list.scrollTop = i * 30000; }, i);
  }
  await page.getByLabel("Filter").first().pressSequentially(filter, { delay: 30 });
  await sees("those that fit, of 5,000", async () => assert.match(await text(page.locator("#shown")), /^\d+ of 5,000$/));
  await page.getByLabel("Filter").first().fill("");
  return [renders, await page.evaluate(() => globalThis.tasks)];
}

/** Runs the scenario that was asked for. */
export async function run(scenarios) {
  try {
    await scenarios[scenario]();
    assert.deepEqual(complaints, []);
    console.log("and no complaint of the browser, and no request to another host");
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  } finally {
    await browser.close();
  }
}

/** Texts in view with less contrast than WCAG 2.2 asks for (1.4.3, level AA). */
function faintTexts() {
  const numbers = color => (color.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const color = numbers(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.body.querySelectorAll("*")) {
    if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()) || !element.checkVisibility({ visibilityProperty: true }) || element.closest(".heard, .skip, script, noscript, svg")) continue;
    const [a, b] = [light(numbers(getComputedStyle(element).color)), light(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.push(`${element.tagName} "${element.textContent.trim().slice(0, 30)}": ${contrast.toFixed(2)}`);
  }
  return faint;
}
