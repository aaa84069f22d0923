/** An entry of the marketplace, for tests. */
import type { Offer, OfferDetail, EntryQuestion, Resolution, Way } from '../../api/types';

export const offer = (more: Partial<Offer> = {}): Offer => ({
  name: 'galaxy/filesystem', title: 'Files', description: 'Reads and writes files.', version: '1.2.0', source: 'curated', status: 'active', tags: ['files'], touches: ['files'], website: null, repository: null, fetched_at: null, ...more,
});
export const question = (more: Partial<EntryQuestion> = {}): EntryQuestion => ({
  key: 'argument.0', label: 'folder', description: 'A folder that it may use.', required: true, secret: false, format: 'path', choices: [], default: null, placeholder: '/srv/data', repeated: false, ...more,
});
export const way = (more: Partial<Way> = {}): Way => ({ key: 'package-0', kind: 'npm', what: 'files', program: true, runner: 'npx', obstacle: null, questions: [question()], ...more });
export const detail = (more: Partial<OfferDetail> = {}): OfferDetail => ({
  offer: offer(), short_name: 'files', ways: [way()], versions: [{ version: '1.2.0', status: 'active', latest: true, published_at: null }], installed: [], ...more,
});
export const resolution = (more: Partial<Resolution> = {}): Resolution => ({
  entry: 'galaxy/filesystem', version: '1.2.0', way: 'package-0', link: { kind: 'program', command: '/usr/bin/npx', arguments: ['-y', 'files@1.2.0', '/srv/data'], environment: ['KEY', 'REGION'], folders: [{ path: '/srv/data', write: false }], network: 'web' }, values: { KEY: null, REGION: 'eu' }, digest: 'd1', mistakes: [], ...more,
});
