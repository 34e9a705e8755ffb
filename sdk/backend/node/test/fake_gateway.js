// The gateway's end of the link, on port 0. It counts frames as the protocol says: takes the next one, drops older
// ones, refuses a gap.
import { WebSocketServer } from 'ws';

export class FakeGateway {
  constructor() {
    this.frames = []; // taken, or not counted; waitFor takes them out
    this.taken = new Map(); // session → counted frames, each once
    this.last = new Map();
    this.connects = [];
    this.sizes = [];
    this.links = 0;
    this.requests = 0;
    this.characters = new Map(); // session → who plays there
    this.acks = true;
    this.isReadyAtOnce = true; // link.ready right behind the hello; else a test calls ready()
    this.refusal = null; // frames that fits(frame) are refused with error: {fits, error}
    this.waiting = new Set();
  }

  async start() {
    this.server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/backend' });
    this.server.on('connection', (socket) => socket.on('message', (data) => this.#message(socket, data)));
    await new Promise((resolve) => this.server.once('listening', resolve));
    this.url = `ws://127.0.0.1:${this.server.address().port}`;
  }

  async stop() {
    for (const client of this.server.clients) client.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #message(socket, data) {
    this.sizes.push(data.length);
    const answers = [];
    for (const frame of [JSON.parse(data)].flat()) this.#take(socket, frame, answers);
    if (this.acks) for (const [session, n] of this.last) answers.push({ type: 'event', event: 'link.ack', payload: { ...(session && { session }), n } });
    if (answers.length > 0) socket.send(JSON.stringify(answers));
    if (this.socket === socket) this.links = this.connects.length;
    for (const look of this.waiting) look();
  }

  #take(socket, frame, answers) {
    if (frame.method === 'connect') {
      this.connects.push(frame.params);
      this.socket = socket;
      answers.push({ type: 'res', id: frame.id, ok: true, payload: { link: { n: this.last.get('') ?? 0 }, policy: { heartbeatMs: 30000 } } });
      if (this.isReadyAtOnce) answers.push({ type: 'event', event: 'link.ready', payload: { sessions: 0 } });
      return;
    }
    const session = frame.payload?.session ?? '';
    const last = this.last.get(session) ?? 0;
    const refuse = (error) => answers.push({ type: 'event', event: 'link.error',
      payload: { event: frame.event, ...(session && { session }), n: frame.n, error } });
    if (frame.n === undefined) {
      this.frames.push(frame);
    } else if (this.refusal?.fits(frame)) {
      const { error } = this.refusal;
      if (error.details?.reason !== 'otherConnection' && frame.n === last + 1) this.last.set(session, frame.n); // used up
      refuse(error);
    } else if (frame.n > last + 1) {
      refuse({ code: 'CONFLICT', message: 'a gap', details: { expected: last + 1 } });
    } else if (frame.n === last + 1) {
      this.last.set(session, frame.n);
      this.taken.set(session, [...(this.taken.get(session) ?? []), frame]);
      this.frames.push(frame);
    }
  }

  async ask(method, params) {
    const id = `g${++this.requests}`;
    this.send({ type: 'req', id, method, params });
    return this.waitFor(id, (frame) => frame.type === 'res' && frame.id === id);
  }

  async until(what, find) {
    return new Promise((resolve, reject) => {
      const end = (result, how) => { clearTimeout(timer); this.waiting.delete(look); how(result); };
      const timer = setTimeout(() => end(new Error(`the gateway waited in vain for ${what}`), reject), 20000);
      const look = () => { const found = find(); if (found) end(found, resolve); };
      this.waiting.add(look);
      look();
    });
  }
  waitForLinks(count) { return this.until(`link ${count}`, () => this.links >= count); }
  waitFor(what, fits) {
    return this.until(what, () => {
      const at = this.frames.findIndex(fits);
      return at < 0 ? null : this.frames.splice(at, 1)[0];
    });
  }
  waitForAck(session, seq) {
    return this.waitFor(`command.ack ${seq}`, (f) => f.event === 'command.ack' && f.payload.session === session && f.payload.seq >= seq);
  }
  async texts(session, count) {
    await this.until(`${count} frames of ${session}`, () => (this.taken.get(session)?.length ?? 0) >= count);
    return this.taken.get(session).map((frame) => frame.payload.output?.text ?? frame.event);
  }

  send(frames) { this.socket.send(JSON.stringify(frames)); }
  event(event, payload) { this.send({ type: 'event', event, payload }); }
  block(session) { return { session, user: { id: 'u-anna', name: 'Anna' }, character: this.characters.get(session) }; }
  enter(session, character = { id: 'c-anna', name: 'Anna' }) {
    this.characters.set(session, character);
    this.event('session.entered', this.block(session));
  }
  reconnect(session, n, cause = 'link') { this.event('session.reconnected', { ...this.block(session), state: 'playing', rooms: [], n, cause }); }
  ready(sessions) { this.event('link.ready', { sessions }); }
  command(session, seq, text) { this.event('command', { session, seq, text }); }
  leave(session, reason) {
    this.last.delete(session);
    this.event('session.closed', { session, reason });
  }
  async relink() {
    const next = this.links + 1;
    this.socket.terminate();
    await this.waitForLinks(next);
  }
}
