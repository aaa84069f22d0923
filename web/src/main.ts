import '@fontsource-variable/atkinson-hyperlegible-next/wght.css';
import '@fontsource-variable/atkinson-hyperlegible-mono/wght.css';
import './design/fonts.css';
import './design/tokens.css';
import './design/base.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { listenForKeys } from './keys';
import { router } from './router.svelte';
import { ROUTES, load } from './routes';
import { session } from './session.svelte';

void session.start();
// The page that is wanted comes while the server is asked who is here.
const wanted = router.match(ROUTES);
if (wanted) load(wanted.route).catch(() => {});
listenForKeys();
mount(App, { target: document.getElementById('app')! });
