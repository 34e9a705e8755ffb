// Is anyone there? A browser does not show pings, and a dead network is silent: ask after a while.

import { Refused, withDeadline } from './protocol.js';

const CHECK_MS = 5_000;
const QUIET_MS = 25_000;

export class Pulse {
  /** ask(link): a promise of any answer. */
  constructor(ask) {
    this.ask = ask;
  }

  start(link) {
    this.stop();
    this.link = link;
    this.heard();
    this.timer = setInterval(() => {
      if (Date.now() - this.heardAt >= QUIET_MS) this.probe(15_000);
    }, CHECK_MS);
  }

  heard() { this.heardAt = Date.now(); }

  stop() { clearInterval(this.timer); }

  /** Closes the link if no answer comes in time. */
  async probe(patienceMs) {
    const { link } = this;
    if (!link?.isOpen || this.probing === link) return;
    this.probing = link;
    try {
      await withDeadline(this.ask(link), patienceMs);
    } catch (error) {
      if (!(error instanceof Refused)) link.close();  // a refusal is an answer too
    } finally {
      this.probing = null;
    }
  }
}
