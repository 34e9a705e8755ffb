// Events by Server-Sent Events, requests by POST /rpc. Two ways to stream: fetch with a Bearer token
// (RpcLink, which is a whole link) and the browser's EventSource with an attach token (AttachedStream,
// a second connection to a session that another link made).

import { Lost } from './protocol.js';

const ANSWER_MS = 15_000;
const SILENCE_MS = 45_000;  // the gateway comments every 15 s; three missed: the stream is dead
const KNOWN_EVENTS = ['output', 'prompt', 'presence', 'room', 'gap', 'session', 'session.replaced',
  'health', 'shutdown', 'tick', 'closed'];

function toFrame(name, data, id) {
  const frame = { type: 'event', event: name || 'message' };
  try {
    frame.payload = JSON.parse(data);
  } catch {
    return null;
  }
  const dot = id.indexOf('.');
  if (dot > 0) {
    frame.epoch = Number(id.slice(0, dot));
    frame.seq = Number(id.slice(dot + 1));
  }
  return frame;
}

/** WHATWG event stream, piece by piece; one `id` belongs to one event here, never to later ones. */
export class EventStreamParser {
  constructor(onEvent) {
    this.onEvent = onEvent;
    this.buffer = '';
    this.event = { name: '', data: [], id: '' };
  }

  push(text) {
    this.buffer += text;
    for (;;) {
      const end = this.buffer.search(/[\r\n]/);
      // A CR at the very end may be half of CR LF: wait for the next piece.
      if (end < 0 || (this.buffer[end] === '\r' && end === this.buffer.length - 1)) return;
      const line = this.buffer.slice(0, end);
      this.buffer = this.buffer.slice(end + (this.buffer.startsWith('\r\n', end) ? 2 : 1));
      this.#line(line);
    }
  }

  #line(line) {
    if (line === '') {
      const { name, data, id } = this.event;
      this.event = { name: '', data: [], id: '' };
      if (data.length > 0) this.onEvent(name, data.join('\n'), id);
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.event.name = value;
    else if (field === 'data') this.event.data.push(value);
    else if (field === 'id') this.event.id = value;
  }
}

export class RpcLink {
  constructor({ base, onFrame, onClose, accessToken = '' }) {
    this.base = base;
    this.onFrame = onFrame;
    this.onClose = onClose;
    this.accessToken = accessToken;
    this.abort = new AbortController();
    this.isOpen = true;
    this.carriesEvents = false;
    this.opened = Promise.resolve();
    this.code = 1006;
  }

  /** The answer comes back through onFrame, as on a socket. One request at a time, in order. */
  send(frame) {
    if (!this.isOpen) throw new Lost('The connection is closed.');
    this.queue = (this.queue ?? Promise.resolve()).then(() => this.#post(frame));
  }

  async #post(frame) {
    const headers = { 'Content-Type': 'application/json' };
    if (this.accessToken) headers.Authorization = `Bearer ${this.accessToken}`;
    const patience = setTimeout(() => this.close(), ANSWER_MS);
    try {
      const answer = await fetch(new URL('rpc', this.base), {
        method: 'POST', headers, body: JSON.stringify(frame), credentials: 'omit', cache: 'no-store',
        signal: this.abort.signal,
      });
      const body = await answer.json();
      // An HTTP error body without a frame around it is the error object alone.
      this.onFrame(body.type ? body : { type: 'res', id: frame.id, ok: false, error: body.error ?? body });
    } catch {
      this.close();
    } finally {
      clearTimeout(patience);
    }
  }

  /** Streams events after `position`; needs the accessToken. */
  startStream(position) {
    this.carriesEvents = true;
    const headers = { Accept: 'text/event-stream', Authorization: `Bearer ${this.accessToken}` };
    if (position.seq > 0) headers['Last-Event-ID'] = `${position.epoch}.${position.seq}`;
    this.#stream(headers).catch(() => {}).then(() => this.close(this.code));
  }

  async #stream(headers) {
    const answer = await fetch(new URL('events', this.base), {
      headers, credentials: 'omit', cache: 'no-store', signal: this.abort.signal,
    });
    if (answer.status === 204) this.code = 1000;  // logged out
    if (!answer.ok || !answer.body) return;
    const parser = new EventStreamParser((name, data, id) => this.#event(name, data, id));
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    try {
      for (;;) {
        this.#watchSilence();
        const { value, done } = await reader.read();
        if (done) return;
        parser.push(value);
      }
    } finally {
      clearTimeout(this.silence);
    }
  }

  #watchSilence() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.close(), SILENCE_MS);
  }

  #event(name, data, id) {
    const frame = toFrame(name, data, id);
    if (!frame) return;
    if (name === 'closed') this.code = frame.payload.code ?? 1006;
    this.onFrame(frame);
  }

  close(code = 1006) {
    if (!this.isOpen) return;
    this.isOpen = false;
    clearTimeout(this.silence);
    this.abort.abort();
    this.onClose(code);
  }
}

/** Reconnects by itself, as EventSource does, with the read-only cookie of its first answer. */
export class AttachedStream {
  constructor({ base, token, onFrame, onEnd }) {
    const url = new URL('events', base);
    url.searchParams.set('attach', token);
    this.source = new EventSource(url);
    this.onEnd = onEnd;
    for (const name of KNOWN_EVENTS) {
      this.source.addEventListener(name, (event) => {
        const id = event.lastEventId;
        // EventSource repeats the last id on events that have none: such an event has no position.
        const frame = toFrame(name, event.data, id === this.lastId ? '' : id);
        this.lastId = id;
        if (name === 'closed') this.close();
        if (frame) onFrame(frame);
      });
    }
    this.source.onerror = () => {
      if (this.source.readyState === EventSource.CLOSED) this.close();
    };
  }

  get isOpen() { return this.source.readyState === EventSource.OPEN; }

  close() {
    this.source.close();
    const report = this.onEnd;
    this.onEnd = () => {};
    report();
  }
}
