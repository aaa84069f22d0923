import { expect, it } from 'vitest';
import { tool } from './a-server';
import { approvals, hold, release } from './seen';

const fresh = tool({ tool: 'fresh', standing: 'new', pin: 'one' }), other = tool({ tool: 'other', standing: 'changed', pin: 'two' });

it('holds what waits, and nothing else', () => {
  expect(hold([], [tool(), fresh, tool({ tool: 'away', standing: 'gone' }), other])).toEqual([{ tool: fresh, moved: false }, { tool: other, moved: false }]);
});

it('goes on showing what was shown, and says that it moved', () => {
  const now = { ...fresh, pin: 'three', description: 'Something else.' };
  const held = hold(hold([], [fresh, other]), [now, other]);
  expect(held).toEqual([{ tool: fresh, moved: true }, { tool: other, moved: false }]);
  expect(approvals(held)).toEqual([{ tool: 'other', approve: 'two' }]);
  expect(release(held, 'fresh', [now, other])).toEqual([{ tool: now, moved: false }, { tool: other, moved: false }]);
});

it('forgets what is allowed, so that the next change is shown as it is then', () => {
  const allowed = hold(hold([], [fresh]), [{ ...fresh, standing: 'approved' }]);
  expect(allowed).toEqual([]);
  const changed = { ...fresh, standing: 'changed' as const, pin: 'four' };
  expect(hold(allowed, [changed])).toEqual([{ tool: changed, moved: false }]);
});

it('says yes to nothing that has no pin', () => expect(approvals(hold([], [{ ...fresh, pin: null }]))).toEqual([]));
