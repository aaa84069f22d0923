/** On a phone the sidebar is a drawer; pages open it with `drawer.show()` (see `MenuButton.svelte`). */
class Drawer {
  open = $state(false);
  show() { this.open = true; }
  hide() { this.open = false; }
}
export const drawer = new Drawer();
