// A newcomer's first hour, as the README begins it: somebody tells, a child may be in danger, numbers and a call, a decision
// read back, filed and undone, actions, another authority told, an adult's request, counsel's decision, and a film with what is known of it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, clip, demo, goes, keep, violations, welcome as come } from "./bed.mjs";

let tanod, chrome, reviewer, lead, second;

async function welcome(link) {
  const somebody = await come(chrome, link);
  await somebody.page.goto(new URL("/console/queue", somebody.page.url()).href);
  return somebody;
}

/** The page is as it should be, and kept to look at. */
async function passes(page, name) {
  await keep(page, `newcomer-${name}`);
  assert.deepEqual(await violations(page), []);
  assert.doesNotMatch(await page.innerText("body"), /\/v1\/|⟦/);
}

const press = (page, name) => goes(page, () => page.getByRole("button", { name, exact: true }).first().press("Enter"));
const follow = (page, name) => goes(page, () => page.getByRole("link", { name }).press("Enter"));

before(async () => {
  tanod = await demo();
  chrome = await browser();
  reviewer = await welcome(tanod.reviewer);
  lead = await welcome(tanod.lead);
  second = await welcome(await tanod.invite("newcomer-second", "lead"));
});

after(async () => {
  await chrome?.close();
  await tanod?.end();
});

test("somebody tells, a child may be in danger: the alarm, the numbers, a call", async () => {
  const { page, faults } = reviewer;
  await page.goto(`${tanod.console}/notices`);
  await passes(page, "notices");
  await follow(page, "New case");
  await page.getByLabel("Told by").selectOption("user");
  await page.getByLabel("What it is about").selectOption("live_abuse");
  await page.getByLabel("Addresses, one on each line").fill("https://platform.example/live/newcomer");
  await page.getByLabel("Account it is about, by the platform's own id").fill("newcomer-account");
  await page.getByLabel("What was said").fill("A viewer writes that it goes on now.");
  await passes(page, "new-case");
  await press(page, "Open");
  await page.getByRole("heading", { name: /^Case \d+/, level: 1 }).waitFor();
  await passes(page, "case-told");
  await press(page, "Raise the alarm");
  await page.getByText("The alarm is raised").waitFor();
  await passes(page, "case-alarmed");
  await page.getByLabel("Whom").fill("police");
  await page.getByLabel("Number", { exact: true }).first().fill("911");
  await page.getByLabel("What was said and agreed").fill("They send somebody; their reference is 7.");
  await press(page, "Write it down");
  await passes(page, "case-called");
  await page.goto(`${tanod.console}/alarms`);
  await page.getByText("A child may be in danger now").first().waitFor();
  await passes(page, "alarms");
  assert.deepEqual(faults, []);
});

test("a decision is read back, filed and undone; actions are asked for, another authority is told", async () => {
  const { page, faults } = lead;
  await page.goto(`${tanod.console}/queue`);
  await passes(page, "queue");
  await goes(page, () => page.locator("a.row").last().press("Enter"));
  await press(page, "Take this case");
  await page.getByText("You work on this case.").waitFor();
  const here = page.url();
  await page.getByRole("radio", { name: /^Report to/ }).check();
  for (const who of await page.locator("form[action$='/decisions'] select[name=role]").all()) {
    await who.selectOption({ label: "suspect" });
  }
  await page.locator("#reason").fill("It is what the list says it is.");
  await press(page, "Read it back to me");
  await page.getByRole("heading", { name: "Your decision, read back" }).waitFor();
  await passes(page, "read-back");
  await press(page, "Yes, decide so");
  await page.locator("li.report", { hasText: "is filed" }).waitFor({ timeout: 20_000 });
  await passes(page, "case-filed");
  await page.getByText("The last decision was wrong").click();
  await page.getByLabel("Why it was wrong").fill("The entry of the list was a mistake.");
  await press(page, "Undo it");
  await page.getByText("Undone since.").waitFor();
  await passes(page, "case-undone");
  await page.goto(`${here}/actions`);
  await page.getByLabel("What", { exact: true }).selectOption("hide");
  await page.getByLabel("Reason").fill("Until somebody has looked at it.");
  await press(page, "Ask for it");
  await page.getByRole("rowheader", { name: "Hide the content" }).waitFor();
  await page.getByLabel("Authority, as its clock names it").fill("DOJ-OOC");
  await page.getByLabel("Number it gave").fill("R-26-7");
  await page.getByLabel("When (UTC)").fill(new Date(Date.now() - 3_600_000).toISOString().slice(0, 16));
  await press(page, "Write it down");
  await page.getByText(/DOJ-OOC.*R-26-7/).waitFor();
  await passes(page, "actions-and-filings");
  assert.deepEqual(faults, []);
});

test("an adult's request is seen with its picture, under the veil, and answered", async () => {
  const { page, faults } = lead;
  await page.goto(`${tanod.console}/notices/new`);
  await page.getByLabel("Told by").selectOption("depicted");
  await page.getByLabel("What it is about").selectOption("intimate_adult");
  await page.getByLabel("What was said").fill("It is me, and I did not agree.");
  await page.getByLabel(/^Files that came with it/).setInputFiles(await clip("testsrc2=s=320x180:r=1:d=1", "request.png"));
  await press(page, "Open");
  await page.getByRole("heading", { name: "Adults' intimate pictures" }).waitFor();
  await passes(page, "removals");
  await follow(page, "Look at them");
  await page.getByRole("link", { name: /without the veil/ }).waitFor();
  await page.locator("figure img").first().evaluate((image) => image.decode());
  await passes(page, "removal");
  // A part of the page alone comes anew.
  await page.getByRole("link", { name: /without the veil/ }).press("Enter");
  await page.getByRole("link", { name: "Put the veil back" }).waitFor();
  await page.locator("figure img").first().evaluate((image) => image.decode());
  await passes(page, "removal-whole");
  await page.getByRole("radio", { name: /^It is valid/ }).check();
  await page.getByLabel("Reason").fill("She is the person in the picture.");
  await press(page, "Say so");
  await page.getByText("The platform is asked").first().waitFor();
  assert.deepEqual(faults, []);
});

test("counsel's decision is written down and put into force by a second person", async () => {
  const { page, faults } = lead;
  await page.goto(`${tanod.console}/keeping`);
  await follow(page, /^Decisions of counsel/);
  await page.getByLabel("Counsel, by name and office").fill("Counsel of the operator");
  await page.getByLabel("Grounds, with the law").fill("A longer duty to preserve binds us.");
  await page.getByLabel(/^Until which day/).fill(new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10));
  await passes(page, "counsel");
  await press(page, "Write it down");
  await page.getByText("waits for a second person").waitFor();
  await second.page.goto(`${tanod.console}/keeping/counsel`);
  await press(second.page, "Put it into force");
  await second.page.getByText("in force", { exact: true }).waitFor();
  await passes(second.page, "counsel-in-force");
  await press(second.page, "End it now");
  await second.page.getByText("over", { exact: true }).waitFor();
  assert.deepEqual([...faults, ...second.faults], []);
});

test("a film is shown by frames of its whole length, with what is known of it marked", async () => {
  const { page, faults } = lead;
  const known = "testsrc2=s=320x180:r=25:d=8,rotate=t/3";
  const before = "mandelbrot=s=320x180:r=25:maxiter=120:start_scale=1:end_scale=0.05,trim=duration=6,setpts=PTS-STARTPTS";
  const { fingerprints } = await tanod.run("hash", await clip(known, "known.mkv"));
  await tanod.run("bank", "create", "newcomer-films", "--kind", "csam", "--source", "a generated clip");
  await tanod.run("bank", "import", "newcomer-films", await tanod.csv("vpdq", fingerprints.vpdq.frames.join("\n")));
  const { key } = await tanod.run("key", "add", "--role", "client", "--name", "newcomer");
  // The lists are followed once a second: an upload before that has not been looked for in the new one.
  const match = () => fetch(new URL("/v1/matches", tanod.console), {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ hashes: [{ signal: "pdq", value: fingerprints.vpdq.frames[0].split(",").find((part) => /^[0-9a-f]{64}$/.test(part)) }] }),
  }).then((answer) => answer.text());
  for (let tries = 0; !/"verdict":\s*"match"/.test(await match()); tries += 1) {
    assert.ok(tries < 200, "the new list is followed");
    await new Promise((again) => setTimeout(again, 100));
  }
  const film = await clip(`${before}[a];${known}[b];[a][b]concat,scale=256:144`, "longer.mkv");
  const item = { content_id: "film-1", account: { id: "film-account" }, public: true };
  const said = await tanod.upload(key, item, film);
  assert.equal(said.verdict, "match", JSON.stringify(said));
  await page.goto(`${tanod.console}/cases/${said.case}`);
  await press(page, "Take this case");
  const strip = page.locator(".strip");
  await strip.locator("img").evaluate((image) => image.decode());
  assert.ok(await strip.locator("rect").count() >= 1, "what is known is marked");
  // It moves when somebody asks for it, and not before: new pictures, small and grey, one after the other.
  assert.equal(await page.locator("img[src*='plays=true'], video, audio").count(), 0);
  await page.getByRole("link", { name: "Play it", exact: true }).focus();
  await page.keyboard.press("Enter");
  const moving = page.locator("figure.veiled img[src*='plays=true']");
  await moving.waitFor();
  let wide = 0;
  for (let tries = 0; wide === 0 && tries < 200; tries += 1) {
    await page.waitForTimeout(100);
    wide = await moving.evaluate((image) => image.naturalWidth);
  }
  assert.ok(wide > 0 && wide <= 640, `a moving picture is ${wide} wide`);
  await passes(page, "film-plays");
  await page.getByRole("link", { name: "Stop", exact: true }).press("Enter");
  await strip.locator("img").waitFor();
  await page.getByText(/0:06 .*0:14/).waitFor();
  for (const [name, options] of Object.entries({ light: {}, dark: { colorScheme: "dark" }, mirrored: { colorScheme: "light" } })) {
    await page.emulateMedia(options);
    if (name === "mirrored") await page.evaluate(() => { document.documentElement.dir = "rtl"; });
    await passes(page, `film-${name}`);
  }
  await page.emulateMedia({});
  assert.deepEqual(faults, []);
});

test("the rooms speak Filipino and Arabic", async () => {
  const { page, faults } = lead;
  for (const [tag, direction] of [["fil", "ltr"], ["ar", "rtl"]]) {
    await page.context().addCookies([{ name: "tanod-language", value: tag, url: tanod.console }]);
    for (const room of ["notices", "notices/new", "removals", "actions", "legal", "banks", "keeping/counsel"]) {
      await page.goto(`${tanod.console}/${room}`);
      const html = page.locator("html");
      assert.deepEqual([await html.getAttribute("lang"), await html.getAttribute("dir")], [tag, direction]);
      await passes(page, `${room.replace("/", "-")}-${tag}`);
    }
    await page.goto(`${tanod.console}/queue?state=all`);
    const here = new URL(await page.locator("a.row").first().getAttribute("href"), tanod.console).href;
    for (const room of ["actions", "context"]) {
      await page.goto(`${here}/${room}`);
      await passes(page, `case-${room}-${tag}`);
    }
  }
  assert.deepEqual(faults, []);
});
