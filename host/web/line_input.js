// The line the player types: history by ↑ and ↓ (kept per tab), and hiding while a secret is asked.

const MOST_HISTORY = 200;

export class LineInput {
  constructor({ form, field, prompt, history, onHistory, onLine }) {
    Object.assign(this, { form, field, prompt, onHistory, onLine });
    this.history = history;
    this.at = history.length;  // = length: the line being written
    this.draft = '';
    this.isSecret = false;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    field.addEventListener('keydown', (event) => this.#key(event));
  }

  setPrompt(text, isSecret) {
    this.prompt.textContent = text || '›';
    this.isSecret = isSecret;
    this.field.type = isSecret ? 'password' : 'text';
    this.field.setAttribute('aria-label', text || (isSecret ? 'Hidden answer' : 'Command'));
  }

  put(text) {
    this.field.value = text;
    this.field.focus();
  }

  #submit() {
    const line = this.field.value;
    if (this.onLine(line, this.isSecret) === false) return;  // not taken: it stays
    this.field.value = '';
    this.draft = '';
    if (!this.isSecret && line.trim() !== '' && this.history.at(-1) !== line) {
      this.history.push(line);
      if (this.history.length > MOST_HISTORY) this.history.shift();
      this.onHistory(this.history);
    }
    this.at = this.history.length;
    if (this.isSecret) this.setPrompt('', false);
  }

  #key(event) {
    if (event.isComposing || this.isSecret || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === 'Escape') this.field.value = '';
    if (!step) return;
    const next = Math.max(0, Math.min(this.history.length, this.at + step));
    event.preventDefault();
    if (next === this.at) return;
    if (this.at === this.history.length) this.draft = this.field.value;
    this.at = next;
    this.field.value = next === this.history.length ? this.draft : this.history[next];
    this.field.setSelectionRange(this.field.value.length, this.field.value.length);
  }
}
