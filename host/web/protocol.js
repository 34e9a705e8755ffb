// gateway.v1 in small: errors, positions, close codes. No state, no DOM.

export const VERSION = '0.1.0';

/** The gateway refused a request: {code, message, details?, retryAfterMs?}. */
export class Refused extends Error {
  constructor(error) {
    super(error?.message || 'The gateway refused the request.');
    this.code = error?.code || 'INTERNAL';
    this.reason = error?.details?.reason || '';
    this.expected = error?.details?.expected ?? error?.expected;
    this.retryAfterMs = error?.retryAfterMs ?? 0;
    this.retryable = Boolean(error?.retryable);
  }
}

/** The connection went away, or never came, or stayed silent. */
export class Lost extends Error {}

/** Random, 128 bits; crypto.randomUUID needs a secure context, a LAN address has none. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Is event position a above b? Lexicographic over (epoch, seq). */
export function isAbove(a, b) {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.seq > b.seq);
}

/**
 * What to do after a close: 'resume' by itself, 'later' after the time the server gave,
 * 'ask' (never by itself: one button), 'login' (the session is over). mayRetry: what the event
 * `closed` said, if one came.
 */
export function afterClose(code, mayRetry = true) {
  switch (code) {
    case 1000: return 'login';
    case 4001: return 'login';
    case 4004: return 'later';
    case 4000: case 4003: case 1008: case 1009: return 'ask';
    default: return mayRetry ? 'resume' : 'ask';
  }
}

/** The sentence and the button for closes that need one. */
export function closeNotice(code) {
  switch (code) {
    case 4000: return ['You went on playing in another window.', 'Play here'];
    case 4003: return ['You were idle for a while, so the connection was closed. Your place is kept.', 'Continue'];
    case 1009: return ['The last message was too long for the gateway.', 'Continue'];
    default: return ['The gateway closed this connection.', 'Try again'];
  }
}

/** Waiting time before try number `tries` (0, 1, …): doubles up to 15 s, half of it jitter. */
export function backoffMs(tries) {
  const ceiling = Math.min(15_000, 500 * 2 ** Math.min(tries, 10));
  return ceiling / 2 + Math.random() * (ceiling / 2);
}

/** Rejects with Lost if the promise takes longer. */
export function withDeadline(promise, ms) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Lost('The gateway does not answer.')), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
