// Passkeys (WebAuthn). A form with data-passkey asks the browser for a credential and sends it:
// "sign-in" fetches what to sign, "confirm" and "add" find it in #passkey-options.
(() => {
  "use strict";

  const isAddress = /^[\d.]+$|^\[/.test(location.hostname);
  const isAble = Boolean(window.PublicKeyCredential) && window.isSecureContext && !isAddress;

  const toBytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (character) => character.charCodeAt(0));
  };

  const toText = (buffer) => {
    const plain = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };

  const decoded = (list = []) => list.map((item) => ({ ...item, id: toBytes(item.id) }));

  const requestOf = ({ publicKey }) => ({
    ...publicKey,
    challenge: toBytes(publicKey.challenge),
    allowCredentials: decoded(publicKey.allowCredentials),
  });

  const creationOf = ({ publicKey }, alone) => ({
    ...publicKey,
    challenge: toBytes(publicKey.challenge),
    user: { ...publicKey.user, id: toBytes(publicKey.user.id) },
    excludeCredentials: decoded(publicKey.excludeCredentials),
    authenticatorSelection: {
      ...publicKey.authenticatorSelection,
      residentKey: alone ? "required" : "discouraged",
      requireResidentKey: alone,
      ...(alone && { userVerification: "required" }),
    },
  });

  const sent = (credential) => {
    const { response } = credential;
    const fields = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    const values = fields.filter((name) => response[name]).map((name) => [name, toText(response[name])]);
    return {
      id: credential.id,
      rawId: toText(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment,
      clientExtensionResults: credential.getClientExtensionResults(),
      response: Object.fromEntries(values),
    };
  };

  const ask = async (form) => {
    const kind = form.dataset.passkey;
    if (kind === "sign-in") {
      const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error("The server did not answer.");
      const options = (await answer.json()).request_options;
      return navigator.credentials.get({ publicKey: requestOf(options) });
    }
    const options = JSON.parse(document.getElementById("passkey-options").textContent);
    if (kind === "confirm") return navigator.credentials.get({ publicKey: requestOf(options) });
    const alone = form.querySelector("[name=passwordless]").checked;
    return navigator.credentials.create({ publicKey: creationOf(options, alone) });
  };

  const words = (error) => {
    if (error.name === "InvalidStateError") return "This device has a passkey for your account already.";
    if (error.name === "NotAllowedError") return "Nothing was confirmed on the device. Try again.";
    return `The passkey could not be used: ${error.message}`;
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const told = form.querySelector("[data-passkey-error]");
    const tell = (text) => {
      told.textContent = text;
      told.hidden = false;
    };
    if (isAble) {
      form.hidden = false;
    } else if (!form.hidden) {
      form.querySelector("[type=submit]").disabled = true;
      tell("This browser offers passkeys only on a page with HTTPS, or at localhost.");
    }
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      told.hidden = true;
      try {
        form.elements.credential.value = JSON.stringify(sent(await ask(form)));
        form.submit();
      } catch (error) {
        tell(words(error));
      }
    });
  }
})();
