// The scroll-back: at most 5,000 lines in a role=log element, newest last. Keeps to the bottom unless
// the reader scrolled up. Everything from the wire is set as textContent.

import { ATTRS, colorOf, legible, runsOf } from './markup.js';

const MOST_LINES = 5_000;
const STORED_LINES = 500;
const GROUND = { light: [251, 250, 247], dark: [21, 23, 28] };  // --paper in style.css

export class Scrollback {
  constructor({ log, more, onSend }) {
    this.log = log;
    this.more = more;      // the "N new lines" button
    this.onSend = onSend;  // a link with the send: scheme was chosen
    this.stored = [];      // what a reload shows again
    this.unseen = 0;
    this.follows = true;
    log.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    more.addEventListener('click', () => this.toEnd());
    new ResizeObserver(() => this.follows && this.#stick()).observe(log);
  }

  /** One event's text; kind: 'text' | 'own' | 'note'. Returns the element. */
  add(text, { spans, kind = 'text', isStored = false } = {}) {
    const element = this.#render(text, spans, kind);
    this.log.append(element);
    if (isStored) {
      this.stored.push(kind === 'text' ? { text, spans } : { text, kind });
      if (this.stored.length > STORED_LINES) this.stored.shift();
    }
    while (this.log.childElementCount > MOST_LINES) this.log.firstElementChild.remove();
    if (this.follows) this.#stick();
    else this.#countUnseen();
    return element;
  }

  restore(lines) {
    for (const line of lines) this.add(line.text, { ...line, isStored: true });
  }

  clear() {
    this.log.replaceChildren();
    this.stored = [];
    this.toEnd();
  }

  /** While quiet, lines are added without being read out. */
  setQuiet(isQuiet) { this.log.setAttribute('aria-live', isQuiet ? 'off' : 'polite'); }

  toEnd() {
    this.follows = true;
    this.unseen = 0;
    this.more.hidden = true;
    this.#stick();
  }

  /** Once a frame, however many lines came: reading scrollHeight lays out the page. */
  #stick() {
    this.sticking ??= requestAnimationFrame(() => {
      this.sticking = null;
      if (this.follows) this.log.scrollTop = this.log.scrollHeight;
    });
  }

  #scrolled() {
    if (this.sticking) return;  // not the reader: lines came, or the oldest left
    const distance = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight;
    if (distance < 24) {
      if (!this.follows) this.toEnd();
    } else {
      this.follows = false;
    }
  }

  #countUnseen() {
    this.unseen += 1;
    this.more.hidden = false;
    this.more.textContent = this.unseen === 1 ? '1 new line ↓' : `${this.unseen} new lines ↓`;
  }

  #render(text, spans, kind) {
    const line = document.createElement('div');
    line.className = `line ${kind}`;
    if (kind !== 'text') {
      line.textContent = text;
    } else {
      for (const run of runsOf(text, spans)) line.append(this.#run(run));
      if (text === '') line.append('\n');
    }
    return line;
  }

  #run(run) {
    if (run.attrs === undefined) return document.createTextNode(run.text);
    const element = this.#elementFor(run.link);
    element.textContent = run.text;
    for (const [name, bit] of Object.entries(ATTRS)) {
      if (run.attrs & bit) element.classList.add(name);
    }
    const swapped = run.attrs & ATTRS.inverse;
    const fg = colorOf(swapped ? run.bg : run.fg);
    const bg = colorOf(swapped ? run.fg : run.bg);
    if (bg) {
      paint(element, 'bg', bg);
      element.classList.remove('inverse');
    }
    if (fg) paint(element, 'fg', fg, !bg && !swapped);
    return element;
  }

  #elementFor(link) {
    if (/^https?:/i.test(link)) {
      const anchor = document.createElement('a');
      Object.assign(anchor, { href: link, target: '_blank', rel: 'noopener noreferrer' });
      return anchor;
    }
    if (/^send:/i.test(link)) {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'send-link';
      button.addEventListener('click', () => this.onSend(link.slice(5)));
      return button;
    }
    return document.createElement('span');
  }
}

/** The theme's sixteen by class; others by two custom properties, so that a change of theme needs none. */
function paint(element, what, color, onPaper = false) {
  if (color.index !== undefined) {
    element.classList.add(`${what}${color.index}`);
    return;
  }
  element.classList.add(`${what}-rgb`);
  for (const theme of ['light', 'dark']) {
    const rgb = onPaper ? legible(color.rgb, GROUND[theme]) : color.rgb;
    element.style.setProperty(`--${what}-${theme}`, `rgb(${rgb.join(' ')})`);
  }
}
