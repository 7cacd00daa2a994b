// The same work in Filipino and in Arabic, from right to left, with the keyboard and nothing else: what English walks show by its
// words is found here by what it is.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PASSWORD, browser, demo, goes, keep, person, tabTo, type, violations, welcome } from "./bed.mjs";

let tanod, chrome;

before(async () => {
  tanod = await demo();
  chrome = await browser();
});

after(async () => {
  await chrome?.close();
  await tanod?.end();
});

/** The page is in its language and direction, and no rule of axe is broken. */
async function passes(page, tag, name) {
  const html = page.locator("html");
  assert.deepEqual([await html.getAttribute("lang"), await html.getAttribute("dir")], [tag, tag === "ar" ? "rtl" : "ltr"]);
  assert.doesNotMatch(await page.innerText("body"), /\/v1\/|⟦/);
  assert.deepEqual(await violations(page), []);
  await keep(page, `journey-${name}-${tag}`);
}

/** Goes to a field and types. */
async function write(page, selector, words) {
  await tabTo(page, page.locator(selector).first());
  await page.keyboard.type(words);
}

/** Goes to a list of words, and down to one. */
async function choose(page, selector, value) {
  const field = page.locator(selector).first();
  await tabTo(page, field);
  for (let n = 0; (await field.inputValue()) !== value; n += 1) {
    assert.ok(n < 60, `${selector} has no ${value}`);
    await page.keyboard.press("ArrowDown");
  }
}

/** Goes to the button of a form, and presses it. */
async function send(page, form, button = "button:not([type=button])") {
  await tabTo(page, page.locator(form).locator(button).first());
  await goes(page, () => page.keyboard.press("Enter"));
}

async function somebody(tag, role, name) {
  const come = await welcome(chrome, await tanod.invite(`${name}-${tag}`, role));
  await come.page.context().addCookies([{ name: "tanod-language", value: tag, url: tanod.console }]);
  return come;
}

/** From the list to a case that is open: down the rows and in. */
async function open(page) {
  await page.goto(`${tanod.console}/queue?state=open`);
  await page.keyboard.press("j");
  await goes(page, () => page.keyboard.press("Enter"));
}

for (const tag of ["fil", "ar"]) {
  test(`${tag}: a case is taken, looked at, decided, read back and filed`, async () => {
    const { page, faults } = await somebody(tag, "lead", "files");
    await open(page);
    await passes(page, tag, "case");
    await goes(page, () => page.keyboard.press("t"));
    await page.locator("figure.veiled img").first().waitFor();
    await page.keyboard.press("v");
    await page.locator("figure.whole img").first().waitFor();
    await page.locator("input[name=viewed_whole]:enabled").first().waitFor();
    await passes(page, tag, "case-whole");
    const form = "form[action$='/decisions']";
    await tabTo(page, page.locator(`${form} input[value=report]`));
    await page.keyboard.press("Space");
    for (let n = 0, all = await page.locator(`${form} select[name=role]`).count(); n < all; n += 1) {
      const field = page.locator(`${form} select[name=role]`).nth(n);
      await tabTo(page, field);
      for (let tries = 0; !(await field.inputValue()).endsWith(":suspect"); tries += 1) {
        assert.ok(tries < 9);
        await page.keyboard.press("ArrowDown");
      }
    }
    await tabTo(page, page.locator("input[name=viewed_whole]:enabled").first());
    await page.keyboard.press("Space");
    await write(page, "#reason", tag === "ar" ? "هو ما تقوله القائمة." : "Ito ang sinasabi ng listahan.");
    await send(page, form, "button");
    await page.locator("input[name=sure]").waitFor({ state: "attached" });
    await passes(page, tag, "read-back");
    await send(page, form);
    await page.locator("li.report .number").waitFor({ timeout: 20_000 });
    assert.match(await page.locator("li.report .number").innerText(), /^\d+$/);
    await passes(page, tag, "filed");
    assert.deepEqual(faults, []);
  });

  test(`${tag}: a dismissal waits for a second person, and a refusal is said`, async () => {
    const first = await somebody(tag, "reviewer", "first");
    const second = await somebody(tag, "lead", "second");
    const { page } = first;
    await open(page);
    await goes(page, () => page.keyboard.press("t"));
    await second.page.goto(page.url());
    await goes(second.page, () => second.page.keyboard.press("t"));
    await second.page.getByRole("alert").waitFor();
    await passes(second.page, tag, "refused");
    const form = "form[action$='/decisions']";
    await tabTo(page, page.locator(`${form} input[value=report]`));
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.locator(`${form} input[value=no_violation]`).isChecked(), true);
    await write(page, "#reason", "…………………………");
    await send(page, form, "button");
    await send(page, form);
    await second.page.goto(page.url());
    await passes(second.page, tag, "approval");
    await tabTo(second.page, second.page.locator("form[action$='/approvals'] input[value=yes]"));
    await second.page.keyboard.press("Space");
    await write(second.page, "#approval", "…………………………");
    await send(second.page, "form[action$='/approvals']");
    assert.equal(await second.page.locator("form[action$='/approvals']").count(), 0);
    await passes(second.page, tag, "dismissed");
    assert.deepEqual([...first.faults, ...second.faults], []);
  });

  test(`${tag}: somebody tells, the alarm is raised, a call is written down, a hold is placed`, async () => {
    const { page, faults } = await somebody(tag, "lead", "alarm");
    await page.goto(`${tanod.console}/notices/new`);
    await passes(page, tag, "new-case");
    await choose(page, "#reason", "live_abuse");
    await write(page, "#account", `told-${tag}`);
    await write(page, "#words", "…");
    await send(page, "form[action$='/notices/new']");
    await page.waitForURL("**/console/cases/*");
    await goes(page, () => page.keyboard.press("F8"));
    await page.locator("#authority-called").waitFor();
    await passes(page, tag, "alarmed");
    await write(page, "#authority-called", "police");
    await write(page, "#telephone", "911");
    await write(page, "form[action$='/calls'] textarea[name=words]", "…………………………");
    await send(page, "form[action$='/calls']");
    const at = new URL(page.url());
    await page.goto(`${at.origin}${at.pathname}/keeping`);
    await passes(page, tag, "keeping");
    await choose(page, "#basis", "us_2703_f");
    await write(page, "#authority", "Example Police");
    await write(page, "#reference", "26-117");
    await send(page, "form[action$='/holds']");
    await page.locator("form[action*='/holds/']").first().waitFor({ state: "attached" });
    await passes(page, tag, "hold-placed");
    assert.deepEqual(faults, []);
  });

  test(`${tag}: a list is set aside, after what it will touch was read`, async () => {
    await tanod.run("bank", "create", `aside-${tag}`, "--kind", "csam", "--source", "generated");
    const { page, faults } = await somebody(tag, "lead", "lists");
    await page.goto(`${tanod.console}/banks`);
    await passes(page, tag, "lists");
    await tabTo(page, page.getByRole("row", { name: `aside-${tag}` }).locator("a[href$='/quarantine']"));
    await goes(page, () => page.keyboard.press("Enter"));
    await passes(page, tag, "list-aside");
    await write(page, "#reason", "…………………………");
    await send(page, "form[action$='/quarantine']");
    await page.goto(`${tanod.console}/banks`);
    await passes(page, tag, "lists-after");
    assert.deepEqual(faults, []);
  });

  test(`${tag}: out and in again by name and password, locked and opened by one key`, async () => {
    const { page, faults } = await somebody(tag, "reviewer", "keys");
    await send(page, "form[action='/console/sign-out']", "button:not([formaction])");
    await page.waitForURL("**/console/sign-in");
    await passes(page, tag, "sign-in");
    await type(page, `keys-${tag}`);
    await write(page, "#password", "another sentence");
    await goes(page, () => page.keyboard.press("Enter"));
    await page.getByRole("alert").first().waitFor();
    await passes(page, tag, "sign-in-refused");
    await write(page, "#password", PASSWORD);
    await goes(page, () => page.keyboard.press("Enter"));
    await page.waitForURL("**/console");
    await goes(page, () => page.keyboard.press("F9"));
    await page.waitForURL("**/presence");
    await passes(page, tag, "presence");
    await type(page, PASSWORD);
    await goes(page, () => page.keyboard.press("Enter"));
    await page.waitForURL("**/console");
    assert.deepEqual(faults, []);
  });
}
