import { tick } from 'svelte';

/** Puts the cursor into the first field that is marked as wrong, once the page shows it; nowhere when the form has gone by then. */
export async function focusWrong(form: HTMLElement | null | undefined) {
  await tick();
  form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}
