// ReDoc writes its styles into the page: they carry the nonce of this answer.
(() => {
  const { nonce, dataset } = document.currentScript;
  Redoc.init(dataset.schema, { nonce, hideLogo: true }, document.getElementById("redoc"));
})();
