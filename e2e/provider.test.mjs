// Signing in with a real provider of identity (oidc-provider, certified by the OpenID Foundation), started here: an invitation followed
// with it, signing in again, presence; in the browser, as a person does it.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import Provider from "oidc-provider";
import { browser, demo, keep, person, violations } from "./bed.mjs";

let tanod, chrome, folder, server;
/** The groups that somebody is in at the provider. */
const groups = {};

/** A port that nobody has now. */
const free = () => new Promise((done) => {
  const listener = createServer().listen(0, "127.0.0.1", () => {
    const { port } = listener.address();
    listener.close(() => done(port));
  });
});

before(async () => {
  const [here, there] = [await free(), await free()];
  const issuer = `http://localhost:${there}`;
  folder = await mkdtemp(join(tmpdir(), "tanod-oidc-"));
  await writeFile(join(folder, "secret"), "a word of the house\n");
  await writeFile(join(folder, "tanod.toml"), `[[sign_in.providers]]
name = "house"
label = "our house account"
issuer = "${issuer}"
client_id = "tanod"
client_secret_file = "${join(folder, "secret")}"
groups_claim = "groups"
roles = { "night watch" = "reviewer", "heads" = "lead" }
`);
  const provider = new Provider(issuer, {
    clients: [{
      client_id: "tanod", client_secret: "a word of the house", grant_types: ["authorization_code"], response_types: ["code"],
      redirect_uris: [`http://localhost:${here}/console/sign-in/from/house`],
    }],
    pkce: { required: () => true },
    claims: { openid: ["sub", "groups"], email: ["email", "email_verified"], acr: null, auth_time: null },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, groups: groups[id] ?? ["night watch"], email: `${id}@house.example`, email_verified: true }) }),
    conformIdTokenClaims: false,
    cookies: { keys: ["a key of this test"] },
  });
  server = provider.listen(there, "127.0.0.1");
  tanod = await demo(["--config", join(folder, "tanod.toml"), "--listen", `127.0.0.1:${here}`]);
  chrome = await browser();
});

after(async () => {
  await chrome?.close();
  await tanod?.end();
  server?.close();
  await rm(folder, { recursive: true, force: true });
});

const passes = async (page) => assert.deepEqual(await violations(page), []);

/** At the provider: its own form, then its question whether Tanod may know. */
async function signInThere(page, name) {
  await page.waitForURL(/localhost:\d+\/interaction\//);
  await page.locator("input[name=login]").fill(name);
  await page.locator("input[name=password]").fill("any");
  await page.locator("button[type=submit]").click();
  await page.locator("form button[type=submit]", { hasText: "Continue" }).click();
}

test("an invitation is followed with the house's account, which signs in from then on and says who somebody is", async () => {
  const { page } = await person(chrome);
  await page.goto(`${tanod.console}/sign-in`);
  await passes(page);
  await keep(page, "provider-sign-in");
  await page.getByRole("link", { name: "Sign in with our house account" }).press("Enter");
  await signInThere(page, "night-7");
  await page.getByText("Nobody here is known by this account").waitFor();
  await passes(page);
  await page.context().clearCookies();

  await page.goto(await tanod.invite("e2e-provider", "reviewer"));
  await page.getByRole("link", { name: "Use our house account instead" }).press("Enter");
  await signInThere(page, "night-7");
  await page.waitForURL("**/console");
  await page.getByRole("heading", { level: 1 }).waitFor();
  await passes(page);
  await page.goto(`${tanod.console}/you`);
  await page.getByText("provider", { exact: true }).first().waitFor();

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("**/console/sign-in");
  await page.getByRole("link", { name: "Sign in with our house account" }).press("Enter");
  // The provider still knows them; a signature of this attempt is all that is new.
  await page.waitForURL("**/console");
  await page.keyboard.press("F9");
  await page.waitForURL("**/presence");
  await passes(page);
  await keep(page, "provider-presence");
  await page.getByRole("link", { name: "Go on with our house account" }).press("Enter");
  // For that it asks them anew.
  await page.waitForURL(/localhost:\d+\/interaction\//);
  await page.locator("input[name=login]").fill("night-7");
  await page.locator("input[name=password]").fill("any");
  await page.locator("button[type=submit]").click();
  await page.waitForURL("**/console");
  await page.getByRole("heading", { level: 1 }).waitFor();
});

test("the provider's groups say what somebody works as, and a lost one ends it", async () => {
  groups["head-3"] = ["heads", "night watch"];
  const { page } = await person(chrome);
  await page.goto(await tanod.invite("e2e-groups", "lead"));
  await page.getByRole("link", { name: "Use our house account instead" }).press("Enter");
  await signInThere(page, "head-3");
  await page.waitForURL("**/console");
  await page.goto(`${tanod.console}/figures`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  const again = async () => {
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("**/console/sign-in");
    await page.getByRole("link", { name: "Sign in with our house account" }).press("Enter");
  };
  groups["head-3"] = ["night watch"];
  await again();
  await page.waitForURL("**/console");
  const refused = await page.goto(`${tanod.console}/figures`);
  assert.equal(refused.status(), 403, "a reviewer now");
  await page.goto(`${tanod.console}/queue`);
  groups["head-3"] = ["guests"];
  await again();
  await page.getByText("Your account is in no group that works here").waitFor();
  await passes(page);
  await keep(page, "provider-no-group");
  groups["head-3"] = ["heads"];
  await page.goto(`${tanod.console}/sign-in`);
  await page.getByRole("link", { name: "Sign in with our house account" }).press("Enter");
  await page.waitForURL("**/console");
  assert.equal((await page.goto(`${tanod.console}/figures`)).status(), 200, "and a lead again");
});
