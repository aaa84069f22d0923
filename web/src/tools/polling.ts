/** Asks again and again while the page is looked at. */

/** Calls `act` now and `pause` milliseconds after each time it is done, never while the page is hidden; returns how to stop. */
export function whileVisible(act: () => Promise<unknown>, pause: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined, busy = false, over = false;
  const go = async () => {
    clearTimeout(timer);
    if (busy || over || document.hidden) return;
    busy = true;
    await act().catch(() => {});
    busy = false;
    if (!over) timer = setTimeout(() => void go(), pause);
  };
  const seen = () => { if (document.hidden) clearTimeout(timer); else void go(); };
  document.addEventListener('visibilitychange', seen);
  void go();
  return () => { over = true; clearTimeout(timer); document.removeEventListener('visibilitychange', seen); };
}
