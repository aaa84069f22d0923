import { tick } from 'svelte';

/** Puts the cursor into the first field that is marked as wrong, once the page shows it. */
export async function focusWrong(form: HTMLElement) {
  await tick();
  form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}
