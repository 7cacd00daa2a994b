// Passkeys: the page asks for a question, the browser lets a device answer it, and the form carries the answer. What is wrong is said
// above the button, in words that come with the page or from the server.
"use strict";

const usable = globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON !== undefined;

const ask = async (form, address, use) => {
  const fault = form.querySelector("[role=alert]");
  fault.hidden = true;
  const answer = await fetch(address, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  const said = await answer.json().catch(() => ({}));
  if (said.slug === "not-present" || said.slug === "not-signed-in" || answer.redirected) {
    location.assign(`/console/presence?to=${encodeURIComponent(location.pathname)}`);
    return;
  }
  let words = [said.title, said.remedy].filter(Boolean).join(" ");
  if (answer.ok) {
    try {
      form.elements.passkey.value = JSON.stringify((await use(said)).toJSON());
      form.submit();
      return;
    } catch {
      words = "";
    }
  }
  fault.textContent = words || form.dataset.brokenOff;
  fault.hidden = false;
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("[data-ask]");
  button.hidden = !usable;
  button.addEventListener("click", () => ask(form, form.dataset.passkey, (question) =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(question) })));
}

for (const form of document.querySelectorAll("form[data-new-passkey]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form, form.dataset.newPasskey, (wanted) =>
      navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(wanted) }));
  });
}
