// A person comes back from where they signed in at a tool server. The session's cookie does not
// come along from another site, so this page, which is ours, hands in what they came back with.
const CHANNEL = 'galaxy-sign-in', BACK = 'galaxy-sign-in-back';
const at = (id) => document.getElementById(id);

/** Says how it stands: `done` or `fail`. */
function tell(state, title, text) {
  document.title = `${title} · ${at('name').textContent}`;
  at('main').dataset.state = state;
  at('title').textContent = title;
  at('said').textContent = text;
  at('title').focus();
}

async function finish() {
  const query = location.search.slice(1);
  // What opens the server does not stay in the history.
  history.replaceState(null, '', location.pathname);
  const back = sessionStorage.getItem(BACK);
  if (back?.startsWith('/') && !back.startsWith('//')) at('on').setAttribute('href', back);
  const headers = { 'content-type': 'application/json', 'x-requested-with': 'galaxy' };
  const response = await fetch('/api/oauth/callback', { method: 'POST', headers, body: JSON.stringify({ query }) });
  const answer = await response.json();
  const channel = new BroadcastChannel(CHANNEL);
  if (!response.ok) {
    channel.postMessage({ ok: false });
    const text = response.status === 401 ? 'Sign in here first, in this browser, and begin again.' : answer.detail;
    tell('fail', 'You are not signed in', text);
    return;
  }
  channel.postMessage({ ok: true, server: answer.server });
  tell('done', 'You are signed in', `${answer.title} can be used now. You can close this window.`);
  if (back) {
    sessionStorage.removeItem(BACK);
    location.replace(at('on').href);
    return;
  }
  // Only a window that a page opened may close itself; the words are for the others.
  window.close();
}

finish().catch(() => tell('fail', 'This did not work', 'The server does not answer. Begin again in a moment.'));
