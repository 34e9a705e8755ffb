// When does a replay end? At the position that hello-ok named as the newest, or once nothing has come
// for a moment: a screen reader must not stay silent because a last line was lost.

import { isAbove } from './protocol.js';

const SETTLE_MS = 300;
const LONGEST_MS = 3_000;
const READ_MS = 50;  // screen readers look at a change some moments after it was made

export class Replay {
  constructor(onChange) {
    this.onChange = onChange;  // (isReplaying)
    this.isRunning = false;
  }

  /** head: the session's newest position, if the gateway told it. */
  start(head, position) {
    this.end();
    if (head && !isAbove(head, position)) return;
    this.head = head;
    this.isRunning = true;
    this.latest = Date.now() + LONGEST_MS;
    this.onChange(true);
    this.#rearm();
  }

  /** Called after each event was shown. */
  note(position) {
    if (!this.isRunning) return;
    this.#rearm(this.head && !isAbove(this.head, position) ? READ_MS : SETTLE_MS);
  }

  end() {
    clearTimeout(this.timer);
    if (!this.isRunning) return;
    this.isRunning = false;
    this.onChange(false);
  }

  #rearm(ms = SETTLE_MS) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end(), Math.max(0, Math.min(ms, this.latest - Date.now())));
  }
}
