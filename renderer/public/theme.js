// Sets the colour scheme before the first paint, so that a dark room never sees a white flash. A file of its own because
// the content security policy allows no inline script.
(() => {
  let stored = null;
  try {
    stored = localStorage.getItem('neutrino.theme');
  } catch {
    // Storage is off: follow the system.
  }
  const dark = stored === 'dark' || (stored !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
