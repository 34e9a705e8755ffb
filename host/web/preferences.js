// The menu: transport, colours, text size. Kept in localStorage; ?transport= in the address wins.

const $ = (id) => document.getElementById(id);
const TRANSPORTS = ['ws', 'sse', 'both'];

function recall(key, fallback) {
  try {
    return localStorage.getItem(`gatehouse.${key}`) ?? fallback;
  } catch {
    return fallback;
  }
}

function keep(key, value) {
  try {
    localStorage.setItem(`gatehouse.${key}`, value);
  } catch { /* private window: the choice lasts as long as the page */ }
}

export class Preferences {
  constructor() {
    const asked = new URLSearchParams(location.search).get('transport') ?? recall('transport', 'ws');
    this.transport = TRANSPORTS.includes(asked) ? asked : 'ws';
    this.onTransport = () => {};
    this.#bind('transport', this.transport, (value) => this.#setTransport(value));
    this.#bind('theme', recall('theme', 'auto'), (value) => this.#setTheme(value));
    this.#bind('size', recall('size', 'normal'), (value) => { document.documentElement.dataset.size = value; });
    this.dark = matchMedia('(prefers-color-scheme: dark)');
    this.dark.addEventListener('change', () => this.#showTheme());
    this.#setTheme($('theme').value);
    document.documentElement.dataset.size = $('size').value;
    this.#menu();
  }

  #bind(name, value, apply) {
    const select = $(name);
    select.value = value;
    if (select.selectedIndex < 0) select.selectedIndex = 0;
    select.addEventListener('change', () => {
      keep(name, select.value);
      apply(select.value);
    });
  }

  #setTransport(transport) {
    this.transport = transport;
    this.onTransport(transport);
  }

  #setTheme(theme) {
    this.theme = theme;
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    this.#showTheme();
  }

  #showTheme() {
    const isDark = this.theme === 'dark' || (this.theme !== 'light' && this.dark.matches);
    document.documentElement.dataset.shown = isDark ? 'dark' : 'light';
  }

  #menu() {
    const button = $('menu-button');
    const menu = $('menu');
    const set = (isOpen) => {
      menu.hidden = !isOpen;
      button.setAttribute('aria-expanded', String(isOpen));
      if (isOpen) menu.querySelector('select').focus();
    };
    button.addEventListener('click', () => set(menu.hidden));
    document.addEventListener('pointerdown', (event) => {
      if (!menu.hidden && !menu.contains(event.target) && !button.contains(event.target)) set(false);
    });
    menu.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      set(false);
      button.focus();
    });
  }
}
