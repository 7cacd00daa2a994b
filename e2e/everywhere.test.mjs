// Every page that a link leads to, for whoever decides and for whoever manages: in three languages, light and dark, at twice the
// size and on a telephone, without a mouse; and the parts that pages are made of, as they looked when somebody last looked.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { browser, demo, keep, person, violations, welcome } from "./bed.mjs";

const LANGUAGES = { en: "ltr", fil: "ltr", ar: "rtl" };
let tanod, chrome, people;

const speak = (page, tag) => page.context().addCookies([{ name: "tanod-language", value: tag, url: tanod.console }]);

/** An address with its numbers and names taken out: pages of one kind are looked at once. */
const kindOf = (address) => {
  const { pathname, searchParams } = new URL(address);
  const path = pathname.replace(/\/[0-9a-f]{8}-[0-9a-f-]{27}|\/[a-z]+_[0-9a-f-]{36}|\/[0-9a-f]{32,64}|\/\d+(?=\/|$)/g, "/*");
  return [path, ...new Set(searchParams.keys())].join(" ");
};

/** What is no page: files to take away, pictures, and what opens a picture without its veil, which is for a person to do. */
const noPage = (address) => /\/(exhibits|assets|items)\/|\.(proof|csv|json|xml|pdf|zip|txt)\b|\/proof\b|veiled=false|\/with\/|#/.test(address);

/** One page of each kind, found by following links. */
async function pages(page, wrong) {
  const found = new Map([["/console", tanod.console]]);
  const waiting = [tanod.console];
  while (waiting.length > 0) {
    const answer = await page.goto(waiting.shift());
    if (answer.status() !== 200) wrong.push(`a link leads to ${kindOf(page.url())}, which answers ${answer.status()}`);
    const links = await page.locator("a[href]").evaluateAll((all) => all.filter((one) => !one.download).map((one) => one.href));
    for (const link of links) {
      const ours = link.startsWith(tanod.console) && !noPage(link);
      if (!ours || found.has(kindOf(link))) continue;
      found.set(kindOf(link), link);
      waiting.push(link);
    }
  }
  return [...found.values()];
}

/** No rule of axe is broken. */
async function holds(page) {
  const broken = await violations(page);
  return broken.length > 0 && broken.join("; ");
}

async function fits(page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  return wide > 0 && `scrolls sideways by ${wide}`;
}

/** Tab alone reaches everything that can be used, and what has the focus is seen to have it. */
async function reachable(page) {
  const wanted = await page.evaluate(() => {
    const all = document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']");
    const groups = new Set();
    const usable = [...all].filter((one) => {
      if (one.disabled || one.closest("fieldset:disabled") || !one.checkVisibility({ visibilityProperty: true })) return false;
      if (one.type !== "radio") return true;
      // A group of choices is one stop; the arrows move within it.
      const group = `${one.form ? [...document.forms].indexOf(one.form) : ""} ${one.name}`;
      return !groups.has(group) && groups.add(group);
    });
    globalThis.reached = new Set();
    return usable.length;
  });
  await page.evaluate(() => { document.activeElement?.blur(); window.getSelection()?.removeAllRanges(); });
  const names = [];
  let ends = 0;
  for (let n = 0; n < wanted * 2 + 25; n += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const at = document.activeElement;
      if (at === document.body) return null;
      const style = getComputedStyle(at);
      const key = at.type === "radio" ? `radio ${[...document.forms].indexOf(at.form)} ${at.name}` : at;
      const again = globalThis.reached.has(key);
      globalThis.reached.add(key);
      const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
      // A time has a stop for each of its parts.
      if (again && /^(date|time)/.test(at.type ?? "")) return { within: true };
      return { again, seen, what: at.outerHTML.slice(0, 120), count: globalThis.reached.size };
    });
    if (stop?.within) continue;
    // A page that gave the focus to a field is gone round once.
    if (!stop && ends++ === 0) continue;
    if (!stop || stop.again) break;
    names.push(stop.what);
    if (!stop.seen) return `nobody sees that this has the focus: ${stop.what}`;
  }
  return names.length < wanted && `${names.length} of ${wanted} reached by Tab; the last is ${names.at(-1)}`;
}

before(async () => {
  tanod = await demo();
  chrome = await browser();
  const { key } = await tanod.run("key", "add", "--name", "everywhere-live", "--role", "live");
  const tell = (address, body) => fetch(new URL(address, tanod.console), {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  }).then((answer) => answer.json());
  const { id } = await tell("/v1/streams", { content_id: "stream-everywhere", account: { id: "caster" }, urls: ["https://platform.example/live/1"], public: true });
  await tell(`/v1/streams/${id}/events`, { events: [{ kind: "report", account: "viewer", text: "what was seen", reason: "other" }] });
  const come = async (role) => welcome(chrome, await tanod.invite(`everywhere-${role}`, role), { reducedMotion: "reduce" });
  people = [await come("lead"), await come("admin")];
});

after(async () => {
  await chrome?.close();
  await tanod?.end();
});

test("every page in three languages, light and dark, at twice the size, on a telephone, by keyboard", async () => {
  const wrong = [];
  for (const { page, faults } of people) {
    const all = await pages(page, wrong);
    assert.ok(all.length >= 12, `too few pages: ${all}`);
    for (const [tag, direction] of Object.entries(LANGUAGES)) {
      await speak(page, tag);
      for (const address of all) {
        const look = async (how, check) => {
          const found = await check(page);
          if (found) wrong.push(`${kindOf(address)}, ${tag}, ${how}: ${found}`);
        };
        await page.setViewportSize({ width: 1280, height: 900 });
        await page.emulateMedia({ colorScheme: "light" });
        await page.goto(address);
        assert.equal(await page.locator("html").getAttribute("dir"), direction);
        await look("words", async () => (await page.innerText("body")).match(/\/v1\/|⟦.*⟧/)?.[0]);
        await look("wide", fits);
        await look("light", holds);
        await page.emulateMedia({ colorScheme: "dark" });
        // Colours are the same in each language, and so is the way of the Tab key but for its direction.
        if (tag === "en") await look("dark", holds);
        await keep(page, `everywhere-${kindOf(address).replace(/[^a-z]+/g, "-")}-${tag}`);
        if (tag === "ar") await look("by keyboard", reachable);
        // Twice the size on the same screen is half the room; a telephone has 360 pixels.
        await page.setViewportSize({ width: 640, height: 450 });
        await look("at twice the size", fits);
        await page.setViewportSize({ width: 360, height: 720 });
        await look("on a telephone", fits);
      }
    }
    wrong.push(...faults);
  }
  assert.deepEqual(wrong, []);
});

/** The same but for a few pixels of a font's edge; made anew with E2E_NEW_PICTURES, and looked at before they are kept. */
async function looksAsBefore(page, name) {
  const place = new URL(`pictures/${name}.png`, import.meta.url);
  const now = PNG.sync.read(await page.screenshot({ fullPage: true, animations: "disabled", caret: "hide" }));
  if (process.env.E2E_NEW_PICTURES) {
    await mkdir(new URL("pictures/", import.meta.url), { recursive: true });
    await writeFile(place, PNG.sync.write(now));
    return;
  }
  assert.ok(existsSync(place), `there is no picture of ${name} to compare with`);
  const before = PNG.sync.read(await readFile(place));
  assert.deepEqual([now.width, now.height], [before.width, before.height], `${name} has another size`);
  const different = pixelmatch(before.data, now.data, null, now.width, now.height, { threshold: 0.2 });
  await keep(page, `pictures-${name}`);
  assert.ok(different <= now.width * now.height * 0.002, `${name}: ${different} pixels differ`);
}

test("the parts of a page, signing in and a break look as they did", async () => {
  const { page, faults } = people[1];
  const nobody = await person(chrome, { reducedMotion: "reduce" });
  for (const tag of Object.keys(LANGUAGES)) {
    for (const colorScheme of ["light", "dark"]) {
      for (const [who, room] of [[page, "styleguide"], [nobody.page, "sign-in"], [people[0].page, "care/break"]]) {
        await speak(who, tag);
        await who.emulateMedia({ colorScheme });
        await who.setViewportSize({ width: 800, height: 600 });
        await who.goto(`${tanod.console}/${room}`);
        await looksAsBefore(who, `${room.replace("/", "-")}-${tag}-${colorScheme}`);
      }
    }
  }
  assert.deepEqual([...faults, ...nobody.faults], []);
});
