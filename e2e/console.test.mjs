// One case from the queue to the filed report, by keyboard alone; then the same pages without scripts, in the dark, and
// mirrored for languages written from right to left.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { PASSWORD, browser, demo, goes, keep, person, stick, passes, tabTo, type, welcome as come } from "./bed.mjs";

let tanod, chrome, reviewer, lead;

before(async () => {
  tanod = await demo();
  chrome = await browser();
});

after(async () => {
  await chrome?.close();
  await tanod?.end();
});

/** What an authenticator shows for this secret (RFC 6238). */
function digits(secret) {
  const bits = [...secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac("sha1", key).update(step).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

async function welcome(link) {
  const somebody = await come(chrome, link);
  await somebody.page.goto(`${tanod.console}/queue`);
  return somebody;
}

test("a one-time link signs in once, and only once", async () => {
  const page = (await person(chrome)).page;
  await page.goto(tanod.reviewer);
  await passes(page);
  await keep(page, "welcome");
  await type(page, "too short");
  await page.keyboard.press("Enter");
  assert.equal(new URL(page.url()).pathname.includes("/welcome/"), true, "a short password stays on the page");
  reviewer = await welcome(tanod.reviewer);
  lead = await welcome(tanod.lead);
  await page.goto(tanod.reviewer);
  await type(page, PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("used already").waitFor();
  await passes(page);
  const cookie = (await reviewer.page.context().cookies())[0];
  assert.equal(cookie.httpOnly && cookie.sameSite === "Strict", true);
});

test("nobody sees the console without signing in", async () => {
  const { page } = await person(chrome);
  await page.goto(`${tanod.console}/queue`);
  await page.waitForURL("**/console/sign-in");
  await passes(page);
  await keep(page, "sign-in");
  await type(page, "demo-reviewer");
  await page.keyboard.press("Tab");
  await page.keyboard.type("not the password");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("No person signs in").waitFor();
  await passes(page);
});

test("a case goes from the queue to the filed report by keyboard alone", async () => {
  const { page, faults } = reviewer;
  await passes(page);
  await keep(page, "queue");
  const waiting = await page.locator("a.row").count();
  assert.equal(waiting, 8);
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/console/cases/*");
  assert.equal(await page.locator("figure img").count(), 0, "no picture before the case is taken");
  await passes(page);
  await keep(page, "case-not-taken");

  await goes(page, () => page.keyboard.press("t"));
  await page.locator("figure.veiled img").first().waitFor();
  const veiled = await page.locator("figure img").first().evaluate(async (img) => { await img.decode(); return img.naturalWidth; });
  assert.ok(veiled > 0 && veiled <= 160, `veiled pictures are small: ${veiled}`);
  await passes(page);
  await keep(page, "case-veiled");

  // Without having looked whole, the statement cannot be made.
  assert.equal(await page.locator("input[name=viewed_whole]").first().isDisabled(), true);
  await page.keyboard.press("v");
  await page.locator("figure.whole img").first().waitFor();
  const whole = await page.locator("figure.whole img").first().evaluate(async (img) => { await img.decode(); return img.naturalWidth; });
  assert.ok(whole > veiled, "whole is larger than veiled");
  await page.locator("#said", { hasText: "without the veil" }).waitFor({ state: "attached" });
  await passes(page);
  await keep(page, "case-whole");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("figure img").first().evaluate((img) => getComputedStyle(img).visibility), "hidden");
  await page.keyboard.press("Escape");

  // What was opened whole can be stated to be viewed, here and when the page is read again.
  await page.locator("input[name=viewed_whole]:enabled").first().waitFor();
  await page.reload();
  const statement = page.locator("input[name=viewed_whole]:enabled").first();
  await tabTo(page, page.locator("input[value=report]"));
  await page.keyboard.press("Space");
  await tabTo(page, statement);
  await page.keyboard.press("Space");
  await tabTo(page, page.locator("select[id^=role-]").first());
  await page.keyboard.type("suspect");
  await tabTo(page, page.locator("#reason"));
  await page.keyboard.type("It is what the list says it is.");
  await tabTo(page, page.getByRole("button", { name: "Read it back to me" }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Your decision, read back" }).waitFor();
  await passes(page);
  await keep(page, "case-read-back");
  await tabTo(page, page.getByRole("button", { name: "Yes, decide so" }));
  await page.keyboard.press("Enter");
  await page.locator("li.report", { hasText: "is filed" }).waitFor({ timeout: 20_000 });
  assert.match(await page.locator("li.report .number").innerText(), /^\d+$/);
  await page.reload();
  await passes(page);
  await keep(page, "case-reported");
  assert.deepEqual(faults, []);
});

/// What was decided is read back in plain words, and said once more.
async function sure(page, examined = true) {
  await goes(page, () => page.getByRole("button", { name: "Read it back to me" }).click());
  await page.getByRole("heading", { name: "Your decision, read back" }).waitFor();
  // axe is a script itself.
  if (examined) await passes(page);
  await goes(page, () => page.getByRole("button", { name: "Yes, decide so" }).click());
}

test("no picture that its reviewer has not chosen to see is sent without the veil, says the network", async () => {
  const { page } = reviewer;
  await page.goto(`${tanod.console}/queue`);
  await goes(page, () => page.locator("a.row").first().click());
  const pictures = [];
  const listen = async (response) => {
    if (!/\/exhibits\//.test(response.url())) return;
    const body = await response.body().catch(() => null);
    if (!body) return;
    const size = await page.evaluate(async (bytes) => {
      const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
      return [bitmap.width, bitmap.height];
    }, [...body]);
    pictures.push({ query: new URL(response.url()).searchParams, size, type: response.headers()["content-type"], store: response.headers()["cache-control"] });
  };
  page.on("response", listen);
  const seen = async (n) => {
    for (let tries = 0; pictures.length < n && tries < 100; tries += 1) await page.waitForTimeout(50);
    return pictures;
  };
  await goes(page, () => page.keyboard.press("t"));
  await page.locator("figure.veiled img").first().waitFor();
  const shown = await page.locator("figure img").count();
  for (const { query, size, type, store } of await seen(shown)) {
    assert.equal(query.get("veiled"), "true");
    assert.ok(Math.max(...size) <= 160, `under the veil it is small: ${size}`);
    assert.deepEqual([type, store], ["image/jpeg", "no-store"]);
  }
  // Everything that does not choose to see: moving about, lines, a thicker veil, hiding all.
  await page.keyboard.press("e");
  await page.locator("img.lines").first().waitFor();
  await seen(shown + 1);
  await page.keyboard.press("e");
  await page.locator("figure.veiled img:not(.lines)").first().waitFor();
  // The veiled picture is the one that this very page has already: it is not asked for again.
  await page.locator("[data-veil]").first().fill("3");
  await seen(shown + 2);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  assert.ok(pictures.length >= shown + 2 && pictures.every(({ query }) => query.get("veiled") === "true"), "lines and thicker veils are veiled");
  assert.ok(pictures.some(({ query }) => query.get("edges") === "true") && pictures.some(({ query }) => query.get("veil") === "3"));
  await passes(page);
  await keep(page, "case-looking");

  // Held, it is seen, and gone with the key.
  const before = pictures.length;
  await page.locator("a.edges").first().focus();
  await page.keyboard.down("h");
  await page.locator("img.glimpse").first().waitFor();
  await seen(before + 1);
  await page.keyboard.up("h");
  assert.equal(await page.locator("img.glimpse").count(), 0);
  assert.equal(pictures.at(-1).query.get("glimpse"), "true");
  assert.equal(await page.locator("input[name=viewed_whole]:enabled").count(), 0, "a glimpse is no viewing");
  await page.getByText("A part of it, without the veil").first().click();
  await page.getByRole("link", { name: "Part 5" }).first().click();
  await page.getByAltText(/^Part 5 of upload/).waitFor();
  await passes(page);
  page.off("response", listen);
  await goes(page, () => page.getByRole("button", { name: "Give it back" }).click());
});

test("a dismissal waits for a second person, who sees what they approve", async () => {
  const { page } = reviewer;
  await page.goto(`${tanod.console}/queue`);
  await goes(page, () => page.locator("a.row").first().click());
  await goes(page, () => page.getByRole("button", { name: "Take this case" }).click());
  await page.getByLabel("No violation", { exact: true }).check();
  await page.locator("#reason").fill("A harmless drawing that only looks alike.");
  await sure(page);
  await page.locator("#state", { hasText: "Waits for a second person" }).waitFor();
  assert.equal(await page.getByText("A decision waits for a second person").count(), 0, "not by the same person");

  const second = lead.page;
  await second.goto(page.url());
  await second.getByRole("heading", { name: "A decision waits for a second person" }).waitFor();
  await second.locator("figure.veiled img").first().waitFor();
  await passes(second);
  await keep(second, "case-approval");
  await second.getByLabel("I approve the decision").check();
  await second.locator("#approval").fill("I looked, and I agree.");
  await second.getByRole("button", { name: "Say so" }).click();
  await second.locator("#state", { hasText: "No violation" }).waitFor();
  assert.deepEqual(lead.faults, []);
});

test("a report is seen and changed before it is decided: by single keys, checked, and read back", async () => {
  const { page } = reviewer;
  await page.goto(`${tanod.console}/queue`);
  await goes(page, () => page.locator("a.row").first().click());
  await goes(page, () => page.getByRole("button", { name: "Take this case" }).click());
  const here = page.url();
  await goes(page, () => page.getByRole("link", { name: "The report as it would be now" }).click());
  await page.getByRole("heading", { name: "Every field" }).waitFor();
  await passes(page);
  await keep(page, "report-editor");
  const file = page.locator(".editor article").first();
  await file.focus();
  await page.keyboard.press("3");
  await page.locator("#said", { hasText: "Class B1" }).waitFor({ state: "attached" });
  await page.keyboard.press("m");
  assert.equal(await file.locator("[data-tick=m]").isChecked(), true);
  await page.locator("#findings", { hasText: "would take it" }).waitFor();
  await page.getByLabel("Time of the incident (UTC)").fill("2099-01-01T00:00:00Z");
  await page.getByLabel("Time of the incident (UTC)").blur();
  await page.locator("#findings", { hasText: "would refuse" }).waitFor();
  await page.getByLabel("Time of the incident (UTC)").fill("2025-01-01T00:00:00Z");
  await page.getByRole("button", { name: "Read my changes back to me" }).click();
  await page.getByText("File 1: Class: “B1” instead of nothing.").waitFor();
  await passes(page);
  await keep(page, "report-changes");
  await page.getByRole("button", { name: "Yes, the report says so" }).click();
  await page.getByText("from staff").first().waitFor({ state: "attached" });
  await page.goto(`${tanod.console}/reports`);
  await passes(page);
  await keep(page, "reports");
  await goes(page, () => page.getByRole("link", { name: "NCMEC's CyberTipline" }).first().click());
  await page.getByRole("heading", { name: "The conversation with NCMEC" }).waitFor();
  await passes(page);
  await keep(page, "report-filed");
  await page.goto(`${tanod.console}/provider`);
  await passes(page);
  await keep(page, "provider");
  await page.goto(here);
  await goes(page, () => page.getByRole("button", { name: "Give it back" }).click());
  assert.deepEqual(reviewer.faults, []);
});

test("what is refused is said on the page, with what to do", async () => {
  const { page } = reviewer;
  await page.goto(`${tanod.console}/queue`);
  await goes(page, () => page.locator("a.row").first().click());
  const here = page.url();
  await goes(page, () => page.getByRole("button", { name: "Take this case" }).click());
  await page.getByRole("button", { name: "Give it back" }).waitFor();
  await lead.page.goto(here);
  await goes(lead.page, () => lead.page.getByRole("button", { name: "Take this case" }).click());
  const fault = lead.page.getByRole("alert");
  await fault.getByText("Another person is working on this case").waitFor();
  await passes(lead.page);
  await keep(lead.page, "case-refused");
  await goes(page, () => page.getByRole("button", { name: "Give it back" }).click());
  await page.getByRole("button", { name: "Take this case" }).waitFor();
});

test("it works without scripts", async () => {
  const cookies = await reviewer.page.context().cookies();
  const { page } = await person(chrome, { javaScriptEnabled: false });
  await page.context().addCookies(cookies);
  await page.goto(`${tanod.console}/queue`);
  await goes(page, () => page.locator("a.row").first().click());
  await goes(page, () => page.getByRole("button", { name: "Take this case" }).click());
  await goes(page, () => page.getByRole("link", { name: "Show it whole" }).first().click());
  await page.locator("figure.whole img").first().waitFor();
  await page.getByLabel("I cannot tell").check();
  await page.locator("#reason").fill("I am not sure what this is.");
  await page.getByText("More, where it applies").click();
  await page.getByLabel("Hand it to staff number").fill((await lead.page.locator(".who").innerText()).match(/\d+/)[0]);
  await sure(page, false);
  await page.locator("#state", { hasText: "Handed to another person" }).waitFor();
});

test("whoever sees no cases is told where their work is", async () => {
  const { page, faults } = await welcome(await tanod.invite("list-keeper", "admin"));
  await page.getByRole("heading", { name: "You are signed in" }).waitFor();
  assert.equal(await page.getByRole("link", { name: "Cases" }).count(), 0);
  await passes(page);
  await keep(page, "elsewhere");
  await page.emulateMedia({ colorScheme: "dark" });
  await passes(page);
  await keep(page, "elsewhere-dark");
  await page.evaluate(() => {
    document.documentElement.dir = "rtl";
    document.querySelector("h1").prepend("مرحبا — ");
  });
  await passes(page);
  await keep(page, "elsewhere-mirrored");
  assert.deepEqual(faults, []);
});

test("in the dark, mirrored, and on a telephone it stays readable", async () => {
  const cookies = await reviewer.page.context().cookies();
  for (const [name, options] of Object.entries({
    dark: { colorScheme: "dark" },
    mirrored: {},
    "dark-telephone": { colorScheme: "dark", viewport: { width: 360, height: 720 } },
  })) {
    const { page, faults } = await person(chrome, options);
    await page.context().addCookies(cookies);
    for (const [place, address] of [["queue", `${tanod.console}/queue?state=all`], ["case", null]]) {
      if (address) await page.goto(address);
      else await goes(page, () => page.locator("a.row").first().click());
      if (name === "mirrored") {
        await page.evaluate(() => {
          document.documentElement.dir = "rtl";
          document.querySelector("h1").prepend("الحالات — ");
        });
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${name} ${place} scrolls sideways by ${wide}`);
      await passes(page);
      await keep(page, `${place}-${name}`);
    }
    assert.deepEqual(faults, []);
    await page.context().close();
  }
});

test("what is asked of the platform, and who is told, can be seen and asked for", async () => {
  const { page, faults } = lead;
  await page.goto(`${tanod.console}/queue?state=all`);
  const cases = await page.locator("a.row").first().getAttribute("href");
  for (const [heading, address] of [
    ["Alarms", `${tanod.console}/alarms`],
    ["Notices", `${tanod.console}/notices`],
    ["New case", `${tanod.console}/notices/new`],
    ["Adults' intimate pictures", `${tanod.console}/removals`],
    ["Webhooks", `${tanod.console}/webhooks`],
    ["Actions", `${tanod.console}/actions`],
    ["What the platform knows", new URL(`${cases}/context`, tanod.console).href],
    ["Actions of case", new URL(`${cases}/actions`, tanod.console).href],
  ]) {
    await page.goto(address);
    await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
    await passes(page);
    await keep(page, `platform-${heading.toLowerCase().replaceAll(" ", "-")}`);
  }
  await page.getByLabel("What", { exact: true }).selectOption("suspend");
  await page.getByLabel("Reason").fill("The match is what the list says.");
  await tabTo(page, page.getByRole("button", { name: "Ask for it" }));
  await page.keyboard.press("Enter");
  await page.getByRole("rowheader", { name: "Suspend the account" }).waitFor();
  await passes(page);
  await page.getByLabel("What", { exact: true }).selectOption("reinstate");
  await page.getByLabel("Reason").fill("There is nothing to undo here.");
  await goes(page, () => page.getByRole("button", { name: "Ask for it" }).click());
  await page.getByRole("alert").getByText("cannot be asked for").waitFor();
  await passes(page);
  assert.deepEqual(faults, []);
});

test("one file, the lists, and what setting one aside would touch", async () => {
  const { page, faults } = lead;
  await page.goto(`${tanod.console}/queue?state=all`);
  await goes(page, () => page.locator("a.row").first().click());
  await tabTo(page, page.getByRole("link", { name: /other case/ }).first());
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /^One file/, level: 1 }).waitFor();
  await passes(page);
  await keep(page, "file");
  await page.goto(`${tanod.console}/banks`);
  await page.getByRole("heading", { name: "Lists", level: 1 }).waitFor();
  await passes(page);
  await keep(page, "lists");
  const aside = page.getByRole("link", { name: /aside$/ }).first();
  await tabTo(page, aside);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "What it will touch" }).waitFor();
  await passes(page);
  await keep(page, "list-aside");
  await tabTo(page, page.getByLabel("Why it is wrong"));
  await page.keyboard.type("Its source says that files were mixed up.");
  await tabTo(page, page.getByRole("button", { name: "Set it aside" }));
  await page.keyboard.press("Enter");
  await page.getByText("set aside: it matches nothing").first().waitFor();
  await passes(page);
  assert.deepEqual(faults, []);
});

test("priority and people are set, and the alarm is one key that typing does not press", async () => {
  const { page, faults } = reviewer;
  await page.goto(`${tanod.console}/queue`);
  await goes(page, () => page.locator("a.row").last().click());
  const here = page.url();
  await page.getByText("Set another priority").click();
  await page.getByLabel("Priority", { exact: true }).selectOption("P1");
  await page.getByLabel("Reason").first().fill("An adult may live with the child.");
  await goes(page, () => page.getByRole("button", { name: "Set it" }).click());
  await page.getByText("set by a person").waitFor();
  await goes(page, () => page.keyboard.press("t"));
  await page.getByText("Add somebody").click();
  await page.getByLabel(/^Account, by the platform/).fill("somebody-else");
  await page.locator("#new-role").selectOption("recipient");
  await passes(page);
  await keep(page, "case-people");
  await goes(page, () => page.getByRole("button", { name: "Add", exact: true }).click());
  await page.getByText("somebody-else").first().waitFor();
  await passes(page);

  // In a field the key only leads to the button.
  await page.getByText("Say why, if you can say it now").click();
  const words = page.getByLabel("Why (the report carries it)");
  await words.fill("She says that he is on his way.");
  await words.press("F8");
  const button = page.getByRole("button", { name: "Raise the alarm" });
  assert.equal(await button.evaluate((element) => element === document.activeElement), true);
  assert.equal(page.url(), here);
  assert.equal(await page.getByText("The alarm is raised").count(), 0);
  await page.keyboard.press("F8");
  await page.getByText("The alarm is raised").waitFor();
  await passes(page);
  await keep(page, "case-alarmed");
  assert.deepEqual(faults, []);
});

test("what is kept is seen with its law; what contradicts goes to counsel, and two people settle it", async () => {
  const { page, faults } = lead;
  await page.goto(`${tanod.console}/keeping`);
  await page.getByRole("heading", { name: "Keeping", level: 1 }).waitFor();
  await passes(page);
  await keep(page, "keeping");
  await tabTo(page, page.getByRole("row").filter({ hasText: "US-30" }).getByRole("link").first());
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /^Keeping of case/, level: 1 }).waitFor();
  const here = page.url();
  await passes(page);
  await keep(page, "keeping-case");
  await page.getByLabel("On what basis").selectOption("us_2703_f");
  await page.getByLabel("Who asked (not for your own)").fill("Example Police");
  await tabTo(page, page.getByRole("button", { name: "Place it" }));
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("under what reference").waitFor();
  assert.equal(await page.getByLabel("Who asked (not for your own)").inputValue(), "Example Police");
  await passes(page);
  await keep(page, "keeping-refused");
  await page.getByLabel("Under what reference").fill("26-117");
  await goes(page, () => page.getByRole("button", { name: "Place it" }).click());
  await goes(page, () => page.getByRole("button", { name: "Renew it by 90 days" }).click());
  await page.getByRole("button", { name: "Renew it by 90 days" }).waitFor({ state: "detached" });
  await page.getByLabel("On what basis").selectOption("eu_cap");
  await goes(page, () => page.getByRole("button", { name: "Place it" }).click());
  await page.getByRole("heading", { name: "With counsel" }).waitFor();
  const cap = page.getByRole("article").filter({ hasText: "EU-09" });
  await cap.getByText("Ask that it give way").click();
  await cap.getByLabel("Why; a second person reads it and answers").fill("Counsel: the message was sent from elsewhere.");
  await passes(page);
  await cap.getByRole("button", { name: "Ask for its release" }).click();
  await page.getByText("Another lead answers it.").waitFor();
  await passes(page);
  await keep(page, "keeping-counsel");
  await page.getByText("Take such a request").click();
  await passes(page);
  const other = await welcome(await tanod.invite("second-lead", "lead"));
  for (const [name, options] of Object.entries({
    dark: { colorScheme: "dark" },
    mirrored: { colorScheme: "light" },
    "dark-telephone": { colorScheme: "dark" },
  })) {
    await other.page.emulateMedia(options);
    await other.page.setViewportSize(name === "dark-telephone" ? { width: 360, height: 720 } : { width: 1280, height: 900 });
    for (const [place, address] of [["list", `${tanod.console}/keeping`], ["case", here]]) {
      await other.page.goto(address);
      if (name === "mirrored") {
        await other.page.evaluate(() => {
          document.documentElement.dir = "rtl";
          document.querySelector("h1").prepend("الحفظ — ");
        });
      }
      const wide = await other.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${name} ${place} scrolls sideways by ${wide}`);
      await passes(other.page);
      await keep(other.page, `keeping-${place}-${name}`);
    }
  }
  await other.page.getByRole("button", { name: "Agree, as the second person" }).click();
  await other.page.getByText(/agreed by Staff/).waitFor();
  assert.equal(await other.page.getByRole("heading", { name: "With counsel" }).count(), 0);
  await passes(other.page);
  assert.deepEqual([...faults, ...other.faults], []);
});

test("legal process is written down, seen and read in dark and mirrored", async () => {
  const { page, faults } = lead;
  await page.goto(`${tanod.console}/legal`);
  await passes(page);
  await page.getByLabel("Agency or court").fill("Example County Court");
  await page.getByLabel("Who there").fill("Clerk of the court");
  await page.getByLabel("Number of their document").fill("26-2044");
  await page.getByLabel("What is asked for").fill("The account's data and the files of one case.");
  await page.getByLabel("About case").fill("1");
  await passes(page);
  await page.getByRole("button", { name: "Write it down" }).press("Enter");
  await page.getByRole("heading", { name: "Packages of evidence" }).waitFor();
  const process = page.url();
  for (const [name, options] of Object.entries({ light: {}, dark: { colorScheme: "dark" }, mirrored: { colorScheme: "light" } })) {
    await page.emulateMedia(options);
    for (const [place, address] of [["list", `${tanod.console}/legal`], ["process", process]]) {
      await page.goto(address);
      if (name === "mirrored") await page.evaluate(() => { document.documentElement.dir = "rtl"; });
      await passes(page);
      await keep(page, `legal-${place}-${name}`);
    }
  }
  await page.emulateMedia({});
  assert.deepEqual(faults, []);
});

test("signing in, care, and people and keys, by keyboard, light, dark and mirrored", async () => {
  const admin = await welcome(await tanod.invite("e2e-admin", "admin"));
  const { page, faults } = admin;
  await page.goto(`${tanod.console}/people`);
  await passes(page);
  await page.getByLabel("Name to sign in with").fill("night-7");
  await page.getByLabel("Role").selectOption("lead");
  await page.getByRole("button", { name: "Make a one-time link" }).press("Enter");
  await page.getByText("It is shown this once").waitFor();
  await passes(page);
  await page.locator("summary", { hasText: "Change" }).first().press("Enter");
  await page.getByLabel("items:write").check();
  await page.locator("#key-name").fill("uploads");
  await page.getByRole("button", { name: "Make it" }).press("Enter");
  await page.getByText("tanod_key_").waitFor();
  await passes(page);
  await keep(page, "people");

  await page.goto(`${tanod.console}/you`);
  await passes(page);
  await keep(page, "you");
  await page.getByRole("link", { name: "Set up an authenticator" }).press("Enter");
  await page.waitForURL("**/you/authenticator");
  await passes(page);
  await page.keyboard.press("Enter");
  await page.getByLabel("The six digits it shows now").waitFor();
  await passes(page);
  await keep(page, "authenticator");
  const secret = await page.locator("code.secret").textContent();
  await type(page, digits(secret));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Recovery codes" }).waitFor();
  await passes(page);
  await keep(page, "recovery-codes");
  const code = await page.locator("ol.codes code").first().textContent();

  // Whoever leaves the desk presses one key, and goes on where they were.
  await page.goto(`${tanod.console}/people`);
  await page.keyboard.press("F9");
  await page.waitForURL("**/presence");
  await passes(page);
  await keep(page, "presence");
  await page.goto(`${tanod.console}/people`);
  await page.waitForURL("**/presence?to=**");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByLabel("Code").fill(code);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/console/people");
  await page.goto(`${tanod.console}/sign-in`);
  await passes(page);
  await keep(page, "sign-in-code");
  assert.deepEqual(faults, []);

  const looker = await welcome(await tanod.invite("e2e-care", "lead"));
  for (const [name, options] of Object.entries({ light: {}, dark: { colorScheme: "dark" }, mirrored: { colorScheme: "light" } })) {
    await looker.page.emulateMedia(options);
    for (const place of ["care", "care/break", "queue", "you", "figures"]) {
      await looker.page.goto(`${tanod.console}/${place}`);
      if (name === "mirrored") await looker.page.evaluate(() => { document.documentElement.dir = "rtl"; });
      const wide = await looker.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${name} ${place} scrolls sideways by ${wide}`);
      await passes(looker.page);
      await keep(looker.page, `${place.replace("/", "-")}-${name}`);
    }
  }
  await looker.page.emulateMedia({});
  await looker.page.goto(`${tanod.console}/care`);
  await tabTo(looker.page, looker.page.getByRole("button", { name: "I am not well" }));
  await looker.page.keyboard.press("Enter");
  await looker.page.getByRole("button", { name: "I want to go on" }).waitFor();
  await passes(looker.page);
  await looker.page.keyboard.press("Tab");
  await looker.page.getByRole("button", { name: "I want to go on" }).press("Enter");
  await looker.page.getByRole("button", { name: "I am not well" }).waitFor();
  assert.deepEqual(looker.faults, []);
});

test("what needs somebody, the record with its proof, work, readiness, retention and the parts of a page, in three languages", async () => {
  const { page, faults } = await welcome(await tanod.invite("e2e-rooms", "admin"));
  const kept = await welcome(await tanod.invite("e2e-rooms-lead", "lead"));
  await page.getByRole("link", { name: "Tanod", exact: true }).press("Enter");
  await page.waitForURL("**/console");
  await page.getByRole("heading", { name: "What needs you now" }).waitFor();
  await page.goto(`${tanod.console}/readiness`);
  await tabTo(page, page.getByRole("button", { name: "Try every part now" }));
  await page.keyboard.press("Enter");
  await page.getByRole("rowheader", { name: "ledger" }).waitFor();
  await passes(page);
  await keep(page, "readiness-tried");
  await page.goto(`${tanod.console}/audit?kind=report`);
  const proof = page.getByRole("link", { name: /^Take it/ }).first();
  await tabTo(page, proof);
  const [file] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
  assert.match(file.suggestedFilename(), /^audit_.*\.proof$/);
  for (const [name, options] of Object.entries({ light: {}, dark: { colorScheme: "dark" } })) {
    for (const language of ["en", "fil", "ar"]) {
      for (const [who, places] of [[page, ["", "audit", "jobs", "readiness", "styleguide", "people", "you", "figures"]], [kept.page, ["", "retention", "care"]]]) {
        await who.emulateMedia(options);
        await who.context().addCookies([{ name: "tanod-language", value: language, url: tanod.console }]);
        for (const place of places) {
          await who.goto(place ? `${tanod.console}/${place}` : tanod.console);
          assert.equal(await who.locator("html").getAttribute("dir"), language === "ar" ? "rtl" : "ltr");
          assert.equal(await who.getByText("⟦").count(), 0, `${place} lacks a text in ${language}`);
          const wide = await who.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          assert.ok(wide <= 0, `${name} ${language} ${place} scrolls sideways by ${wide}`);
          await passes(who);
          await keep(who, `room-${place || (who === page ? "now" : "now-lead")}-${language}-${name}`);
        }
      }
    }
  }
  assert.deepEqual([...faults, ...kept.faults], []);
});

test("a passkey is set up, signs in beside the password, unlocks the screen alone, and is removed", async () => {
  const { page, faults } = await welcome(await tanod.invite("e2e-passkey", "reviewer"));
  const device = await stick(page);
  await page.goto(`${tanod.console}/you`);
  await page.getByLabel("What you call it").fill("the stick on my keys");
  await page.getByRole("button", { name: "Set up a passkey" }).press("Enter");
  await page.getByRole("heading", { name: "Recovery codes" }).waitFor();
  assert.equal((await device.credentials()).length, 1);
  for (const [name, options] of Object.entries({ light: {}, dark: { colorScheme: "dark" }, mirrored: { colorScheme: "light" } })) {
    await page.emulateMedia(options);
    for (const place of ["you", "you/authenticator"]) {
      await page.goto(`${tanod.console}/${place}`);
      if (name === "mirrored") await page.evaluate(() => { document.documentElement.dir = "rtl"; });
      await passes(page);
      await keep(page, `passkey-${place.replace("/", "-")}-${name}`);
    }
  }
  await page.emulateMedia({});

  // Out, and in again: a wrong password is said as such, and the right one beside the stick opens.
  await goes(page, () => page.getByRole("button", { name: "Sign out" }).click());
  await page.waitForURL("**/console/sign-in");
  const signIn = async (password) => {
    await page.getByLabel("Name").fill("e2e-passkey");
    await page.getByLabel("Password").fill(password);
    await tabTo(page, page.getByRole("button", { name: "Sign in with a passkey" }));
    await page.keyboard.press("Enter");
  };
  await signIn("another sentence");
  await page.getByRole("alert").getByText("No person signs in").waitFor();
  await passes(page);
  await keep(page, "passkey-sign-in");
  await signIn(PASSWORD);
  await page.waitForURL("**/console");

  // The screen locked, the stick alone opens it; without the stick nothing does.
  await page.keyboard.press("F9");
  await page.waitForURL("**/presence");
  await passes(page);
  await tabTo(page, page.getByRole("button", { name: "Go on with a passkey" }));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/console");
  await device.take();
  await page.goto(`${tanod.console}/you`);
  await page.getByRole("row").filter({ hasText: "the stick on my keys" }).getByRole("button", { name: /^Remove/ }).press("Enter");
  await page.getByRole("row").filter({ hasText: "the stick on my keys" }).waitFor({ state: "detached" });
  assert.deepEqual(faults, []);
});

test("a stream is seen, stopped and let go on, by keyboard, dark and from right to left", async () => {
  const { page, faults } = lead;
  await page.goto(`${tanod.console}/streams`);
  await passes(page);
  const { key } = await tanod.run("key", "add", "--name", "e2e-live", "--role", "live");
  const tell = async (address, body) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const said = await fetch(new URL(address, tanod.console), { method: "POST", headers, body: JSON.stringify(body) });
    assert.equal(said.ok, true, await said.clone().text());
    return said.json();
  };
  const { id } = await tell("/v1/streams", { content_id: "stream-7", account: { id: "caster-7" }, urls: ["https://platform.example/live/7"], public: true });
  await tell(`/v1/streams/${id}/events`, {
    events: [
      { kind: "join", account: "viewer-1", address: "192.0.2.7", port: 4711 },
      { kind: "payment", account: "viewer-1", amount_minor: 500, currency: "PHP", reference: "tip-1" },
      { kind: "report", account: "viewer-2", text: "what was seen", reason: "other" },
    ],
  });
  await page.reload();
  await passes(page);
  await keep(page, "streams");
  await tabTo(page, page.getByRole("link", { name: "stream-7" }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "stream-7", level: 1 }).waitFor();
  await page.getByText("500 PHP").waitFor();
  await passes(page);
  await keep(page, "stream");
  await tabTo(page, page.getByLabel("Reason"));
  await page.keyboard.type("What is seen in it.");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Let it go on" }).waitFor();
  await passes(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await goes(page, () => page.getByRole("button", { name: "العربية" }).click());
  assert.equal(await page.locator("html").getAttribute("dir"), "rtl");
  await passes(page);
  await keep(page, "stream-dark-arabic");
  await page.goto(`${tanod.console}/streams`);
  await passes(page);
  await keep(page, "streams-dark-arabic");
  await page.emulateMedia({});
  await goes(page, () => page.getByRole("button", { name: "English" }).click());
  await page.goto(`${tanod.console}/streams/${id}`);
  await tabTo(page, page.getByLabel("Reason"));
  await page.keyboard.type("It was a nature film.");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Stop this stream" }).waitFor();
  assert.deepEqual(faults, []);
});

test("another site's form changes nothing, and signing out ends the session", async () => {
  const { page } = lead;
  const cookies = await page.context().cookies();
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const post = (headers) => fetch(`${tanod.console}/sign-out`, { method: "POST", redirect: "manual", headers: { cookie, ...headers } });
  for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "https://elsewhere.example" }, {}]) {
    assert.equal((await post(headers)).status, 403);
  }
  await page.goto(`${tanod.console}/queue`);
  await goes(page, () => page.getByRole("button", { name: "Sign out" }).click());
  await page.waitForURL("**/console/sign-in");
  const after = await fetch(`${tanod.console}/queue`, { redirect: "manual", headers: { cookie } });
  assert.equal(after.headers.get("location"), "/console/sign-in");
});
