// One connection after the other: dials, says hello, batches what is to be sent, watches the heartbeat.
// Tells its owner: onUp(hello), onFrames(frames), onDown(why).
// generation counts the hellos: what was asked in one is answered in that one, or not at all.
import WebSocket from 'ws';
import { batch, MAX_MESSAGE } from './batcher.js';
import { AROUND_FRAME, jsonText } from './json_text.js';
import { readTokenFile } from './token_file.js';

export class Connection {
  #socket = null;
  #pending = [];
  #isUp = false;
  #isStopping = false;
  #heard = 0;
  #timers = [];

  constructor(options, instance, owner) {
    this.options = options;
    this.instance = instance;
    this.owner = owner;
    this.delay = options.reconnectMin;
    this.generation = 0;
  }

  start() { this.#dial(); }

  async stop() {
    this.#isStopping = true;
    clearTimeout(this.retry);
    this.flush();
    const socket = this.#socket;
    if (!socket || socket.readyState === WebSocket.CLOSED) return;
    await new Promise((resolve) => {
      const timer = setTimeout(() => socket.terminate(), 2000);
      socket.once('close', () => { clearTimeout(timer); resolve(); });
      socket.close(1000);
    });
  }

  send(frame) {
    if (!this.#isUp) return;
    this.#pending.push(frame);
    if (this.#pending.length === 1) setImmediate(() => this.flush());
  }

  // The gateway numbers its requests anew on each connection: on another one this would answer somebody else's.
  answer(generation, frame) { if (generation === this.generation) this.send(frame); }

  flush() {
    const frames = this.#pending.splice(0);
    if (!this.#isUp || frames.length === 0) return;
    for (const message of batch(frames)) this.#socket.send(message);
  }

  #url() {
    const { url } = this.options;
    if (url.startsWith('unix:')) return `ws+unix:${url.slice(5)}:/backend`;
    const parsed = new URL(url);
    if (parsed.protocol !== 'ws:') throw new Error(`url ${url}: ws://host:port/backend or unix:/path`);
    if (parsed.pathname === '/') parsed.pathname = '/backend';
    return parsed.href;
  }

  #dial() {
    let why = 'closed';
    let socket;
    try {
      const request = this.#connectRequest(readTokenFile(this.options.tokenFile));
      // Twice the protocol's limit: a gateway that counts a little otherwise is not worth a broken link.
      socket = new WebSocket(this.#url(), { perMessageDeflate: false, handshakeTimeout: 5000, maxPayload: 2 * MAX_MESSAGE });
      this.#socket = socket;
      socket.on('open', () => socket.send(request));
    } catch (error) {
      this.#again(error.message);
      return;
    }
    socket.on('message', (data) => this.#take(socket, data));
    socket.on('error', (error) => { why = error.message; });
    socket.on('close', (code, reason) => {
      this.#timers.splice(0).forEach(clearInterval);
      if (this.#isUp) {
        this.#isUp = false;
        this.#pending = [];
        this.owner.onDown(why);
      }
      this.#again(`${why} (${code}${reason.length ? ` ${reason}` : ''})`);
    });
    this.#timers.push(setTimeout(() => { if (!this.#isUp) socket.terminate(); }, 10000));
  }

  // Half of the time is chance, so that a thousand backends do not come back at once.
  #again(why) {
    if (this.#isStopping) return;
    this.options.log('warning', `no link to the gateway at ${this.options.url}: ${why}`);
    this.retry = setTimeout(() => this.#dial(), this.delay * (0.5 + Math.random() / 2));
    this.delay = Math.min(this.delay * 2, this.options.reconnectMax);
  }

  #connectRequest(token) {
    const { name, capabilities, client } = this.options;
    const params = { protocol: { min: 1, max: 1 }, role: 'backend', auth: { token }, name, instance: this.instance, capabilities, client };
    return jsonText({ type: 'req', id: 'connect', method: 'connect', params }, AROUND_FRAME);
  }

  #take(socket, data) {
    this.#heard = Date.now();
    let frames;
    try {
      frames = [JSON.parse(data.toString())].flat();
    } catch {
      socket.close(1007, 'not JSON');
      return;
    }
    frames = frames.filter((frame) => frame !== null && typeof frame === 'object');
    if (!this.#isUp) {
      const hello = frames.shift();
      if (hello?.id !== 'connect' || !hello.ok) {
        this.options.log('warning', `the gateway refused us: ${hello?.error?.code} ${hello?.error?.message}`);
        socket.close(1000);
        return;
      }
      this.#isUp = true;
      ++this.generation;
      this.delay = this.options.reconnectMin;
      this.#watch(socket, hello.payload?.policy?.heartbeatMs ?? 30000);
      this.owner.onUp(hello.payload ?? {});
    }
    const others = frames.filter((frame) => !this.#isHeartbeat(frame));
    if (others.length > 0) this.owner.onFrames(others);
  }

  #isHeartbeat(frame) {
    if (frame.type !== 'req' || frame.method !== 'heartbeat') return false;
    this.send(jsonText({ type: 'res', id: frame.id, ok: true, payload: {} }, AROUND_FRAME));
    return true;
  }

  #watch(socket, heartbeatMs) {
    this.#timers.push(setInterval(() => {
      const silence = Date.now() - this.#heard;
      if (silence > 2 * heartbeatMs) {
        socket.close(4003, 'nothing heard');
        socket.terminate();
      } else if (silence >= heartbeatMs) {
        this.send('{"type":"req","id":"heartbeat","method":"heartbeat","params":{}}');
      }
    }, heartbeatMs / 2));
  }
}
