// Commands on their way, oldest first; one under way at a time. Each has a clientSeq; the gateway
// accepts last+1 only, so a command that is sent again after a lost connection is executed once.

import { Refused } from './protocol.js';

const MOST_PENDING = 100;

export class CommandQueue {
  constructor({ client, memory, view }) {
    this.client = client;
    this.memory = memory;
    this.view = view;
    this.isBusy = false;
    this.heldUntil = 0;
  }

  get #own() { return this.memory.client; }

  /** Returns the command's mark for onCommand, or 0 if too many are waiting. */
  add(text) {
    if (this.#own.pending.length >= MOST_PENDING) return 0;
    const clientSeq = ++this.#own.clientSeq;
    const mark = Math.max(0, ...this.#own.pending.map((one) => one.mark)) + 1;
    this.#own.pending.push({ clientSeq, text, mark });
    this.memory.save();
    this.pump();
    return mark;
  }

  /** A secret (an answer that must not be shown): never stored, never sent twice. */
  addSecret(text) { return this.client.request('command', { text }); }

  /** The gateway told the last clientSeq it accepted from this device. */
  settle(lastClientSeq) {
    const own = this.#own;
    while (own.pending.length > 0 && own.pending[0].clientSeq <= lastClientSeq) this.#accepted(own.pending.shift());
    this.#renumber(lastClientSeq);
  }

  /** What is left goes on from there: a gateway that lost its memory in a crash counts lower. */
  #renumber(lastClientSeq) {
    const own = this.#own;
    own.clientSeq = lastClientSeq;
    for (const one of own.pending) one.clientSeq = ++own.clientSeq;
    this.memory.save();
  }

  halt() {
    this.isBusy = false;
    this.round = {};  // an answer that comes late belongs to an older round
  }

  abandon() {
    this.halt();
    for (const one of this.#own.pending) this.view.onCommand(one.mark, { error: 'not sent' });
    this.#own.pending = [];
  }

  async pump() {
    clearTimeout(this.timer);
    if (this.isBusy || !this.client.isPlaying || this.#own.pending.length === 0) return;
    const wait = this.heldUntil - Date.now();
    if (wait > 0) {
      this.timer = setTimeout(() => this.pump(), wait);
      return;
    }
    const one = this.#own.pending[0];
    const round = (this.round = {});
    this.isBusy = true;
    let goesOn = false;
    try {
      await this.client.request('command', { text: one.text, clientSeq: one.clientSeq });
      goesOn = this.round === round;
      if (goesOn) this.#accepted(this.#own.pending.shift());
    } catch (error) {
      goesOn = this.round === round && error instanceof Refused;
      if (goesOn) this.#refused(one, error);
    }
    if (this.round !== round) return;
    this.isBusy = false;
    this.memory.save();
    if (goesOn) this.pump();  // else: lost; the resume settles and pumps
  }

  #accepted(one) { this.view.onCommand(one.mark, 'accepted'); }

  #refused(one, error) {
    if (error.code === 'CONFLICT' && Number.isInteger(error.expected) && error.expected !== one.clientSeq) {
      this.settle(error.expected - 1);
    } else if (error.retryAfterMs > 0 || error.retryable || ['UNAVAILABLE', 'CONFLICT'].includes(error.code)) {
      this.heldUntil = Date.now() + (error.retryAfterMs || 1_000);
    } else if (error.code === 'UNAUTHORIZED' || error.code === 'NOT_CONNECTED') {
      this.heldUntil = Date.now() + 1_000;
      this.client.distrust();
    } else {
      // A refused command does not advance the count: the others move up.
      this.#own.pending.shift();
      this.#renumber(one.clientSeq - 1);
      this.view.onCommand(one.mark, { error: error.message });
    }
  }
}
