// The token of a link stands behind its #, which browsers send nowhere.
const token = location.hash.slice(1);
if (token) {
  history.replaceState(null, "", location.pathname);
  document.querySelector("#token").value = token;
  document.querySelector("#login").requestSubmit();
}
