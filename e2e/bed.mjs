// A demo that stays up, and a browser that sees only it.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { afterEach } from "node:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const program = process.env.E2E_PROGRAM ?? new URL("../target/debug/tanod", import.meta.url).pathname;
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.env.E2E_SCREENSHOTS;

/** Starts the demo; answers where to sign in, and how to end it. */
export async function demo(more = []) {
  const folder = await mkdtemp(join(tmpdir(), "tanod-e2e-"));
  const child = spawn(program, ["demo", "--json", "--data", join(folder, "data"), ...more], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((done) => child.on("exit", done));
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line);
    if (!said.console) continue;
    const end = async () => {
      child.kill("SIGINT");
      await ended;
      await rm(folder, { recursive: true, force: true });
    };
    // The command line beside the demo, as its operator would use it; the demo's address is not in the settings it reads.
    const run = async (...words) => {
      const { stdout } = await promisify(execFile)(program, [...words, "--json", "--data", join(folder, "data")]);
      return JSON.parse(stdout.trim().split("\n").pop());
    };
    const invite = async (name, role) => {
      const { link } = await run("user", "add", name, "--role", role);
      return new URL(new URL(link).pathname, said.console).href;
    };
    // A file of one entry, as a list is imported.
    const csv = async (signal, value) => {
      const file = join(folder, `${signal}.csv`);
      await writeFile(file, `signal,value\n${signal},"${value.replaceAll('"', '""')}"\n`);
      return file;
    };
    // An upload, as the platform sends it.
    const upload = async (key, item, file) => {
      const form = new FormData();
      form.set("item", new Blob([JSON.stringify(item)]));
      form.set("media", new Blob([await readFile(file)]), "media");
      const to = new URL("/v1/items", said.console);
      const answer = await fetch(to, { method: "POST", headers: { authorization: `Bearer ${key}` }, body: form });
      return answer.json();
    };
    return { ...said, run, invite, csv, upload, end };
  }
  throw new Error("the demo ended without saying where to sign in");
}

/** A clip or a picture that ffmpeg generates. */
export async function clip(graph, name) {
  const file = join(await mkdtemp(join(tmpdir(), "tanod-clip-")), name);
  const coded = name.endsWith(".png") ? ["-frames:v", "1"] : ["-pix_fmt", "yuv420p", "-c:v", "libx264", "-g", "50"];
  await promisify(execFile)("ffmpeg", ["-v", "error", "-nostdin", "-y", "-filter_complex", graph, ...coded, file]);
  return file;
}

/** A browser that goes nowhere but to this machine. */
export async function browser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
  });
}

// What every open page shows when a step fails: its address, its last answers and its words, for whoever reads the log.
const open = new Map();
afterEach(async (step) => {
  if (step.passed !== false) return;
  for (const [page, answers] of open) {
    if (page.isClosed()) continue;
    const words = await page.innerText("main", { timeout: 2_000 }).catch((error) => String(error));
    console.error(`${step.name}\n  ${page.url()}\n  ${answers.slice(-6).join("\n  ")}\n${words.slice(0, 1_500)}\n`);
  }
});

/** A page of a person's own, which fails on any fault of a script and any request elsewhere. */
export async function person(chrome, options = {}) {
  const context = await chrome.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const faults = [];
  const answers = [];
  open.set(page, answers);
  page.on("response", (answer) => {
    if (!/\/assets\//.test(answer.url())) answers.push(`${answer.status()} ${answer.request().method()} ${answer.url()}`);
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    // A refused form is a page with its own status; the browser notes it, and the test looks at the page.
    const status = /status of (4\d\d)/.test(message.text());
    if (message.type() === "error" && !status) faults.push(message.text());
  });
  page.on("request", (request) => {
    if (!/^http:\/\/(127\.0\.0\.1|localhost):/.test(request.url())) faults.push(`asked for ${request.url()}`);
  });
  return { page, faults };
}

/** What everybody here signs in with. */
export const PASSWORD = "a sentence to remember";

/** Types where the page puts whoever comes to it: a browser gives the focus a moment after the page is there. */
export async function type(page, words) {
  await page.locator("input:focus").waitFor();
  await page.keyboard.type(words);
}

/** Moves by Tab until this has the focus, as a person without a mouse does. */
export async function tabTo(page, locator) {
  for (let n = 0; n < 120; n += 1) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`not reachable by keyboard: ${locator}`);
}

/** Somebody who follows their invitation, and is in. */
export async function welcome(chrome, link, options = {}) {
  const somebody = await person(chrome, options);
  await somebody.page.goto(link);
  await type(somebody.page, PASSWORD);
  await somebody.page.keyboard.press("Enter");
  await somebody.page.waitForURL("**/console");
  return somebody;
}

/** A security stick in the person's computer (the browser's own, by the debugger), which asks for a PIN. */
export async function stick(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "usb", hasResidentKey: false, hasUserVerification: true, isUserVerified: true };
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options });
  return {
    credentials: async () => (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
    take: () => devtools.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId }),
  };
}

/** Does what leads to another page, and goes on when that page is there: neither a click nor a key waits for it. */
export async function goes(page, act) {
  const [answer] = await Promise.all([page.waitForEvent("load"), act()]);
  return answer;
}

/** Every rule of axe, on the page as it is. */
export async function violations(page) {
  // The page's own policy forbids foreign scripts, so axe comes by the debugger.
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.target.join(" ")).join(", ")}`);
}

/** Keeps a picture for a person to look at, when somebody asked for pictures. */
export async function keep(page, name) {
  if (!pictures) return;
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

/** No rule of axe is broken, and nobody at a page is sent to an address of the API. */
export async function passes(page) {
  assert.deepEqual(await violations(page), []);
  assert.doesNotMatch(await page.innerText("body"), /\/v1\//);
}
