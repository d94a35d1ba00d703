// Passkeys: a form with `data-passkey` sends what the browser's authenticator answers to its options.

const fromBase64 = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) =>
    each.charCodeAt(0),
  );
const toBase64 = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const listed = (credentials) =>
  (credentials ?? []).map((each) => ({ ...each, id: fromBase64(each.id) }));

function readOptions(form) {
  const options = JSON.parse(form.dataset.options);
  options.challenge = fromBase64(options.challenge);
  if (options.user) options.user.id = fromBase64(options.user.id);
  if (options.allowCredentials) options.allowCredentials = listed(options.allowCredentials);
  if (options.excludeCredentials) options.excludeCredentials = listed(options.excludeCredentials);
  return options;
}

function written(credential) {
  const { response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature"].filter(
    (name) => response[name],
  );
  return JSON.stringify({
    id: credential.id,
    rawId: credential.id,
    type: credential.type,
    response: Object.fromEntries(parts.map((name) => [name, toBase64(response[name])])),
    clientExtensionResults: {},
  });
}

async function answer(form) {
  const fault = form.querySelector("[data-passkey-fault]");
  fault.hidden = true;
  try {
    const publicKey = readOptions(form);
    const credential = await navigator.credentials[form.dataset.passkey]({ publicKey });
    form.elements.passkey.value = written(credential);
    form.submit();
  } catch (error) {
    fault.textContent =
      error.name === "InvalidStateError" ? fault.dataset.known : fault.dataset.unfinished;
    fault.hidden = false;
  }
}

if (window.PublicKeyCredential) {
  for (const each of document.querySelectorAll("[data-with-passkeys]")) each.hidden = false;
  for (const each of document.querySelectorAll("[data-without-passkeys]")) each.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void answer(form);
    });
  }
}
