// Sets theme and text size before the first paint; src/prefs.svelte.ts owns them afterwards.
(function () {
  var theme = null;
  try {
    var prefs = JSON.parse(localStorage.getItem('galaxy.prefs') || '{}');
    theme = prefs.theme;
    document.documentElement.dataset.size = prefs.size || 'normal';
  } catch (_) { /* storage is off: follow the system */ }
  if (theme !== 'dark' && theme !== 'light') theme = matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
  document.documentElement.dataset.theme = theme;
})();
