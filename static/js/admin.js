// Before Alpine: it sets some styles as an attribute, which the content security policy refuses.
// Through the CSSOM the same styles are allowed, and only a script that runs already can set them.
(() => {
  const setAttribute = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function (name, value) {
    if (String(name).toLowerCase() === "style" && this.style) {
      this.style.cssText = value;
    } else {
      setAttribute.call(this, name, value);
    }
  };
})();

// htmx would write the styles of an indicator, which nothing here uses, into the page.
htmx.config.includeIndicatorStyles = false;
