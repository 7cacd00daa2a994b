// How long somebody waits who was never here: pages in a browser with nothing kept, until everything on them can be used. By hand,
// with a release build in E2E_PROGRAM: node cold.mjs. It asserts nothing, for machines differ.
import { browser, demo, person, PASSWORD, type } from "./bed.mjs";

const TIMES = 7;
const middle = (all) => all.sort((one, other) => one - other)[Math.floor(all.length / 2)];

/** Lines as they are: of this machine; and a telephone's, with a processor a quarter as quick. */
const LINES = [
  { name: "this machine" },
  { name: "4G, processor / 4", latency: 60, throughput: (9_000_000 / 8), slower: 4 },
];

/** Milliseconds until the page and its script can be used, and bytes that came for it. */
async function open(chrome, address, state, line) {
  const { page } = await person(chrome, { storageState: state });
  const devtools = await page.context().newCDPSession(page);
  if (line.slower) {
    await devtools.send("Network.enable");
    const { latency, throughput } = line;
    await devtools.send("Network.emulateNetworkConditions", { offline: false, latency, downloadThroughput: throughput, uploadThroughput: throughput });
    await devtools.send("Emulation.setCPUThrottlingRate", { rate: line.slower });
  }
  await page.goto(address, { waitUntil: "load" });
  await page.waitForFunction(() => performance.getEntriesByType("navigation")[0].loadEventEnd > 0 && document.hasFocus());
  const found = await page.evaluate(() => {
    const [page] = performance.getEntriesByType("navigation");
    const all = [page, ...performance.getEntriesByType("resource")];
    return { ms: page.loadEventEnd, bytes: all.reduce((sum, one) => sum + one.transferSize, 0), requests: all.length };
  });
  await page.context().close();
  return found;
}

const tanod = await demo();
const chrome = await browser();
try {
  const { page } = await person(chrome);
  await page.goto(await tanod.invite("cold", "lead"));
  await type(page, PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/console");
  const state = await page.context().storageState();
  await page.goto(new URL("/console/queue", tanod.console).href);
  const first = await page.locator("a[href*='/console/cases/']").first().getAttribute("href");
  const pages = { "sign in": "/console/sign-in", "what needs me": "/console", queue: "/console/queue", case: first };
  for (const line of LINES) {
    for (const [name, path] of Object.entries(pages)) {
      const opened = [];
      const signedIn = name === "sign in" ? undefined : state;
      for (let n = 0; n < TIMES; n += 1) opened.push(await open(chrome, new URL(path, tanod.console).href, signedIn, line));
      const { bytes, requests } = opened[0];
      const ms = Math.round(middle(opened.map((one) => one.ms)));
      console.log(`${line.name}, ${name}: ${ms} ms until it can be used (most ${Math.round(Math.max(...opened.map((one) => one.ms)))} ms), ${bytes} bytes, ${requests} requests`);
    }
  }
} finally {
  await chrome.close();
  await tanod.end();
}
