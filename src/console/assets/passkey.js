// Passkeys: what the page asks for as JSON, the browser answers in a field of its form. Where it can't, the form stays hidden.

/** @param {HTMLFormElement} form */
async function askForPasskey(form) {
  const asked = JSON.parse(form.getAttribute('data-passkey') ?? '');
  const made =
    'rp' in asked
      ? await navigator.credentials.create({
          publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked),
        })
      : await navigator.credentials.get({
          publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked),
        });
  const answer = form.querySelector('input[name$=answer]');
  if (!(made instanceof PublicKeyCredential) || !(answer instanceof HTMLInputElement)) return;
  answer.value = JSON.stringify(made.toJSON());
  form.submit();
}

/** @param {HTMLFormElement} form */
function takePasskey(form) {
  if (typeof PublicKeyCredential === 'undefined' || !('parseCreationOptionsFromJSON' in PublicKeyCredential))
    return;
  form.hidden = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    askForPasskey(form).catch((/** @type {unknown} */ error) => {
      const said = form.querySelector('[role=alert]');
      const name = error instanceof Error ? error.name : String(error);
      if (said !== null)
        said.textContent = `The browser gave no passkey (${name}). Load this page again to try once more.`;
    });
  });
}

for (const form of document.querySelectorAll('form[data-passkey]'))
  if (form instanceof HTMLFormElement) takePasskey(form);
