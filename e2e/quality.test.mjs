// A list is seen and tried before it matches, by keyboard; and second looks, from what the first stated, in three languages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, demo, keep, passes, welcome as come } from "./bed.mjs";

let tanod, chrome;

before(async () => {
  tanod = await demo();
  chrome = await browser();
});

after(async () => {
  await chrome?.close();
  await tanod?.end();
});

const welcome = async (name, role) => come(chrome, await tanod.invite(name, role));

/** A page in every language, by day and by night: it fits, it says everything, and no rule of axe is broken. */
async function inEveryWay(page, name) {
  for (const [light, options] of Object.entries({ light: { colorScheme: "light" }, dark: { colorScheme: "dark" } })) {
    await page.emulateMedia(options);
    for (const language of ["en", "fil", "ar"]) {
      await page.context().addCookies([{ name: "tanod-language", value: language, url: tanod.console }]);
      await page.reload();
      assert.equal(await page.locator("html").getAttribute("dir"), language === "ar" ? "rtl" : "ltr");
      assert.equal(await page.getByText("⟦").count(), 0, `${name} lacks a text in ${language}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${light} ${language} ${name} scrolls sideways by ${wide}`);
      await passes(page);
      await keep(page, `${name}-${language}-${light}`);
    }
  }
  await page.context().addCookies([{ name: "tanod-language", value: "en", url: tanod.console }]);
  await page.emulateMedia({});
  await page.reload();
}

/** Presses what has this name, by keyboard. */
const press = async (page, role, name) => {
  await page.getByRole(role, { name }).focus();
  await page.keyboard.press(role === "radio" ? "Space" : "Enter");
};

test("a list is made, a file is seen before it is imported, the list is tried, and only then it matches", async () => {
  const { page, faults } = await welcome("e2e-lists", "admin");
  await page.goto(`${tanod.console}/banks`);
  await inEveryWay(page, "lists-admin");
  await page.getByLabel("Its name").fill("a hotline's list");
  await page.getByLabel("Who keeps it").fill("a hotline");
  await press(page, "button", "Make it");
  await page.getByRole("heading", { name: "a hotline's list", level: 1 }).waitFor();
  await page.getByText("it matches nothing").first().waitFor();
  await inEveryWay(page, "list");
  const file = await tanod.csv("sha256", "ab".repeat(32));
  await page.getByLabel(/^A file with rows/).setInputFiles(file);
  await press(page, "button", "See what is in it");
  await page.getByText("An import takes every row.").waitFor();
  await passes(page);
  await keep(page, "list-preview");
  await page.getByLabel(/^The same file once more/).setInputFiles(file);
  await press(page, "button", "Import one row");
  await page.getByRole("definition").filter({ hasText: /^1$/ }).first().waitFor();
  await press(page, "button", "Try it");
  await page.getByRole("heading", { name: "What it would have matched" }).waitFor();
  assert.equal(await page.locator("main img").count(), 0);
  await passes(page);
  await keep(page, "list-tried");
  await press(page, "radio", /^It matches, and/);
  await press(page, "button", "Do so");
  await page.getByText("in use").first().waitFor();
  await passes(page);
  assert.deepEqual(faults, []);
});

test("a second look begins with what the first stated, and shows no picture", async () => {
  // A reviewer decides the first case there is, as unclear of age.
  const first = await welcome("e2e-first", "reviewer");
  await first.page.goto(`${tanod.console}/queue`);
  await first.page.locator("a.row").first().click();
  await first.page.waitForURL("**/console/cases/*");
  await first.page.keyboard.press("t");
  await first.page.locator("figure.veiled img").first().waitFor();
  await first.page.locator("input[value=report]").focus();
  await first.page.keyboard.press("Space");
  for (const account of await first.page.locator("select[id^=role-]").all()) await account.selectOption({ label: "suspect" });
  await first.page.locator("input[name=age_unclear]").focus();
  await first.page.keyboard.press("Space");
  await first.page.locator("#reason").fill("Nobody can say how old they are.");
  await press(first.page, "button", "Read it back to me");
  await first.page.getByRole("heading", { name: "Your decision, read back" }).waitFor();
  await press(first.page, "button", "Yes, decide so");
  await first.page.locator("li.report").first().waitFor();
  const { page, faults } = await welcome("e2e-second", "lead");
  await page.goto(`${tanod.console}/second-looks`);
  await page.getByRole("heading", { name: "Second looks", level: 1 }).waitFor();
  await inEveryWay(page, "second-looks");
  assert.equal(await page.locator("main img").count(), 0);
  const waiting = await page.locator("#waiting ~ article").count();
  assert.ok(waiting > 0, "the demo's decisions earn one");
  await page.getByRole("radio", { name: "No", exact: true }).first().focus();
  await page.keyboard.press("Space");
  await page.getByLabel("Reason").first().fill("I would have asked for more first.");
  await page.keyboard.press("Enter");
  await page.getByText("I would have asked for more first.").waitFor();
  assert.equal(await page.locator("#waiting ~ article").count(), waiting - 1);
  await inEveryWay(page, "second-looks-disagreed");
  await page.goto(tanod.console);
  await page.getByText("One decision about which two people disagree").waitFor();
  await passes(page);
  assert.deepEqual(faults, []);
});
