// Transport "both": beside the socket an EventSource attached to the same session. Every event comes by
// each; the client shows the first. One of the two is enough to see everything.

import { backoffMs } from './protocol.js';
import { AttachedStream } from './sse_link.js';

export class SecondStream {
  /** newToken(): resolves with an attach token; onEvent(frame); isWanted(): may it be opened again? */
  constructor({ base, newToken, onEvent, isWanted }) {
    Object.assign(this, { base, newToken, onEvent, isWanted });
    this.stream = null;
  }

  get isOpen() { return Boolean(this.stream?.isOpen); }

  /** token: from the session block; without one a new one is asked for. */
  async open(token) {
    if (this.stream || this.isOpening) return;
    this.isOpening = true;
    try {
      const fresh = token || await this.newToken();
      this.stream = new AttachedStream({
        base: this.base, token: fresh, onFrame: this.onEvent, onEnd: () => this.#ended(),
      });
    } catch { /* the socket alone carries everything; the next resume tries again */ } finally {
      this.isOpening = false;
    }
  }

  close() {
    clearTimeout(this.timer);
    if (!this.stream) return;
    this.stream.onEnd = () => {};
    this.stream.close();
    this.stream = null;
  }

  #ended() {
    this.stream = null;
    this.timer = setTimeout(() => this.isWanted() && this.open(), backoffMs(2));
  }
}
