// Before ReDoc, which writes styles into the page, and a logo of its maker's from elsewhere: the
// styles get the nonce of this answer, and the logo is not asked for.
(() => {
  const { nonce, dataset } = document.currentScript;
  const { createElement } = Document.prototype;
  Document.prototype.createElement = function (...given) {
    const element = createElement.apply(this, given);
    if (element instanceof HTMLStyleElement) {
      element.nonce = nonce;
    }
    if (element instanceof HTMLImageElement) {
      const set = (name, value) => {
        if (name !== "src" || new URL(value, location).origin === location.origin) {
          Element.prototype.setAttribute.call(element, name, value);
        }
      };
      element.setAttribute = set;
      Object.defineProperty(element, "src", { set: (value) => set("src", value) });
    }
    return element;
  };
  addEventListener("DOMContentLoaded", () => {
    Redoc.init(dataset.schema, { nonce }, document.getElementById("redoc"));
  });
})();
