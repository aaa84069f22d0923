import { expect, it } from 'vitest';
import { appsFrom } from './apps';

it('finds views among resources, each once, with the hosts that they declare', () => {
  const ui = { csp: { connectDomains: ['https://api.example.org', 7], frameDomains: 'https://x.example' }, permissions: { camera: {} } };
  const found = appsFrom([{ uri: 'file://a', name: 'a' }, { uri: 'ui://w/view', name: 'view', title: 'Weather', _meta: { ui } }, { uri: 'ui://w/view', name: 'again' }, { uri: 'ui://bare' }, null, 'odd']);
  expect(found).toEqual([
    { uri: 'ui://w/view', title: 'Weather', description: '', hosts: { connect: ['https://api.example.org'], resource: [], frame: [], base: [] }, permissions: ['camera'] },
    { uri: 'ui://bare', title: 'ui://bare', description: '', hosts: { connect: [], resource: [], frame: [], base: [] }, permissions: [] },
  ]);
});
