// What survives a reload of this tab: who we are to the gateway, what we have seen, what we still have
// to send. In sessionStorage, so two tabs are two clients and closing the tab forgets everything.
//
// Invariant: the screen and the position it shows are one record. Whatever moment the tab dies, a
// resume from the stored position continues exactly below the stored lines.

import { randomId } from './protocol.js';

const KEY = 'gatehouse.client';
const SCREEN_KEY = 'gatehouse.screen';
const HISTORY_KEY = 'gatehouse.history';

function read(key, fallback) {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? fallback;
  } catch {
    return fallback;
  }
}

function write(key, value) {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;  // full or forbidden: the tab works on, only a reload would forget
  }
}

const fresh = () => ({
  deviceId: randomId(), gameSession: randomId(),
  reconnectToken: '', attempt: '', sessionId: '', character: '', user: '',
  clientSeq: 0, pending: [],
});

export class Memory {
  constructor() {
    this.client = { ...fresh(), ...read(KEY, {}) };
    const screen = read(SCREEN_KEY, {});
    this.position = { epoch: screen.epoch ?? 0, seq: screen.seq ?? 0 };
    this.lines = screen.lines ?? [];
    this.history = read(HISTORY_KEY, []);
  }

  save() { write(KEY, this.client); }

  /** lines: what the screen shows, oldest first; fewer are kept if the browser has no room. */
  saveScreen(position, lines) {
    this.position = { ...position };
    for (let keep = lines; ; keep = keep.slice(Math.ceil(keep.length / 2))) {
      if (write(SCREEN_KEY, { ...this.position, lines: keep }) || keep.length === 0) return;
    }
  }

  saveHistory(history) { write(HISTORY_KEY, history); }

  /** The session is over: no token, nothing to send. The device stays the same one. */
  forgetSession() {
    Object.assign(this.client, { reconnectToken: '', attempt: '', sessionId: '', character: '', pending: [] });
    this.save();
    this.position = { epoch: 0, seq: 0 };
    this.saveScreen(this.position, []);
  }

  /** A duplicated tab starts as a copy of another one: become a client of one's own. */
  becomeAnother() {
    this.client = fresh();
    this.forgetSession();
  }
}

/**
 * True once this tab alone holds its device id; false if another tab has the same one (the browser's
 * "duplicate tab" copies sessionStorage). Waits a moment, because a reload's old page lets go late.
 */
export function holdDevice(deviceId) {
  if (!navigator.locks) return Promise.resolve(true);  // insecure context: cannot tell
  return new Promise((resolve) => {
    const patience = AbortSignal.timeout(1000);
    navigator.locks
      .request(`gatehouse-${deviceId}`, { signal: patience }, () => {
        resolve(true);
        return new Promise(() => {});  // held until the page goes
      })
      .catch(() => resolve(false));
  });
}
