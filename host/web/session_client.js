// One visit of a player to the gateway: connects, resumes, counts events, acknowledges them and sends
// commands exactly once. Knows no DOM; tells its `view`:
//   onStatus(status)            see #tell
//   onState(state, session)     'authenticating' | 'characterSelection' | 'playing'
//   onEvent(frame, isReplay)    once per event, in order
//   onCommand(seq, outcome)     'accepted' | {error}
//   onOver(sentence)            the session has ended; log in again
//   onReplay(isReplaying)       what comes now was missed while away
//   screen()                    the lines on screen, to be stored beside the position
//
// Invariants
//  1. An event with a position is shown only if it is above every one shown before.
//  2. A command keeps its clientSeq until the gateway has answered; the next one waits for that.
//  3. `attempt` is kept until hello-ok is in hand, so an answer lost on the way is asked for again.

import { CommandQueue } from './command_queue.js';
import {
  Lost, Refused, VERSION, afterClose, backoffMs, closeNotice, isAbove, randomId, withDeadline,
} from './protocol.js';
import { Pulse } from './pulse.js';
import { Replay } from './replay.js';
import { SecondStream } from './second_stream.js';
import { RpcLink } from './sse_link.js';
import { WsLink, wsUrl } from './ws_link.js';

const OPEN_MS = 10_000;
const ANSWER_MS = 15_000;
const PROBE_MS = 4_000;
const ACK_EVENTS = 20;
const ACK_MS = 1_000;

export class SessionClient {
  constructor({ memory, view, base, transport }) {
    Object.assign(this, { memory, view, base, transport });
    this.link = null;
    this.state = 'none';
    this.waiting = new Map(); // request id → {resolve, reject, timer, link}
    this.nextRequest = 1;
    this.tries = 0;
    this.position = { ...memory.position };
    this.unacknowledged = 0;
    this.stateVersion = 0;    // of the newest event without a position
    this.pulse = new Pulse((link) => this.#call(link, 'ping', {}));
    this.replay = new Replay((isReplaying) => view.onReplay(isReplaying));
    this.second = new SecondStream({
      base,
      newToken: async () => (await this.request('attach.token')).attachToken,
      onEvent: (frame) => this.#secondEvent(frame),
      isWanted: () => Boolean(this.link?.isOpen) && this.isPlaying,
    });
    this.commands = new CommandQueue({ client: this, memory, view });
  }

  get isPlaying() { return this.state === 'playing'; }
  get hasToken() { return Boolean(this.memory.client.reconnectToken); }

  // ---- connecting -------------------------------------------------------------------------------

  /** A new visit: nothing of an older one is asked for. Rejects with Refused or Lost. */
  async begin() {
    this.#drop();
    this.tries = 0;
    try {
      await this.#connect({});
    } catch (error) {
      this.#drop();
      throw error;
    }
  }

  /** Goes on with the session that the token names; keeps trying while that makes sense. */
  async resume() {
    clearTimeout(this.retry);
    if (!this.hasToken || this.isConnecting) return;
    const { client } = this.memory;
    if (!client.attempt) {
      client.attempt = randomId();
      this.memory.save();
    }
    this.#tell('connecting');
    try {
      await this.#connect({
        resume: {
          token: client.reconnectToken, attempt: client.attempt,
          epoch: this.position.epoch, lastSeq: this.position.seq,
        },
      });
    } catch (error) {
      this.#resumeFailed(error);
    }
  }

  #resumeFailed(error) {
    const next = error instanceof Refused ? '' : afterClose(this.closeCode);
    this.#drop();
    if (next === 'ask') return this.#tell('ask', { notice: closeNotice(this.closeCode) });
    if (next === 'resume' || next === 'later') return this.#later(backoffMs(this.tries++));
    if (error.code === 'UNAVAILABLE' || error.code === 'TIMEOUT' || error.retryable || error.retryAfterMs > 0) {
      return this.#later(Math.max(error.retryAfterMs, backoffMs(this.tries++)));
    }
    return this.#over('Your last session could not be resumed. Please log in again.');
  }

  async #connect(extra) {
    this.#drop();
    this.isConnecting = true;
    this.closeCode = 1006;
    try {
      const link = this.#newLink();
      this.link = link;
      await withDeadline(link.opened, OPEN_MS);
      const { client } = this.memory;
      this.#welcome(await this.#call(link, 'connect', {
        protocol: { min: 1, max: 1 }, role: 'player', device: { id: client.deviceId },
        client: { id: 'gatehouse-play', version: VERSION, platform: 'web' },
        gameSession: client.gameSession, ...extra,
      }), Boolean(extra.resume));
    } finally {
      this.isConnecting = false;
    }
  }

  #newLink() {
    const link = this.transport === 'sse'
      ? new RpcLink({ base: this.base, onFrame: (f) => this.#frame(link, f), onClose: (c) => this.#closed(link, c) })
      : new WsLink({
        url: wsUrl(this.base), onFrame: (f) => this.#frame(link, f), onClose: (c) => this.#closed(link, c),
      });
    return link;
  }

  #welcome(hello, isResume) {
    const session = hello.session ?? {};
    this.tries = 0;
    this.connId = hello.server?.connId;
    this.connEpoch = session.epoch ?? 0;
    this.stateVersion = hello.snapshot?.stateVersion ?? 0;  // a restarted gateway counts anew
    if (!isResume) this.position = { epoch: 0, seq: 0 };
    if (isResume) {
      const head = session.seq === undefined ? null : { epoch: this.connEpoch, seq: session.seq };
      this.replay.start(head, this.position);
    }
    this.#adopt(session);
    if (this.isPlaying) this.#playing(session);
    this.#tell('open');
    this.pulse.start(this.link);
  }

  /** Takes what a session block brings: in hello-ok, in the event `session`, in an answer. */
  #adopt(session) {
    const { client } = this.memory;
    if (session.id) client.sessionId = session.id;
    if (session.accessToken) this.accessToken = session.accessToken;
    if (session.accessToken && this.link instanceof RpcLink) this.link.accessToken = session.accessToken;
    if (session.reconnectToken) {
      client.reconnectToken = session.reconnectToken;
      client.attempt = '';
    }
    if (session.lastClientSeq !== undefined) this.commands.settle(session.lastClientSeq);
    this.memory.save();
    if (session.state && session.state !== this.state) {
      this.state = session.state;
      this.view.onState(this.state, session);
    }
  }

  #playing(session) {
    // Before Playing there is nothing to stream: the visit may still turn out to be another session.
    if (this.link instanceof RpcLink && !this.link.carriesEvents) this.link.startStream(this.position);
    this.#acknowledge();  // names connId: confirms the new token, so that the old one can go
    if (this.transport === 'both') this.second.open(session.attachToken);
    this.commands.pump();
  }

  // ---- requests ---------------------------------------------------------------------------------

  /** Resolves with the payload; rejects with Refused or Lost. */
  request(method, params = {}) {
    return this.#call(this.#channel(), method, params).then((payload) => {
      if (payload?.session) this.#sessionBlock(payload.session);
      return payload;
    });
  }

  /** While the socket is away, an attached stream still brings events, and /rpc takes requests. */
  #channel() {
    if (this.link?.isOpen) return this.link;
    if (!this.second.isOpen || !this.accessToken) throw new Lost('Not connected.');
    const link = new RpcLink({
      base: this.base, accessToken: this.accessToken,
      onFrame: (frame) => this.#frame(link, frame), onClose: () => this.#abandon(link),
    });
    return link;
  }

  #call(link, method, params) {
    return new Promise((resolve, reject) => {
      const id = String(this.nextRequest++);
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new Lost('The gateway does not answer.'));
        link.close();
      }, ANSWER_MS);
      this.waiting.set(id, { resolve, reject, timer, link });
      try {
        link.send({ type: 'req', id, method, params });
      } catch (error) {
        this.waiting.delete(id);
        clearTimeout(timer);
        reject(error);
      }
    });
  }

  #abandon(link) {
    for (const [id, call] of this.waiting) {
      if (call.link !== link) continue;
      this.waiting.delete(id);
      clearTimeout(call.timer);
      call.reject(new Lost('The connection was lost.'));
    }
  }

  // ---- frames -----------------------------------------------------------------------------------

  #frame(link, frame) {
    if (link === this.link) this.pulse.heard();
    if (frame.type === 'res') {
      const call = this.waiting.get(String(frame.id));
      if (!call) return;
      this.waiting.delete(String(frame.id));
      clearTimeout(call.timer);
      if (frame.ok) call.resolve(frame.payload ?? {});
      else call.reject(new Refused(frame.error));
    } else if (frame.type === 'event' && link === this.link) {
      if (frame.epoch !== undefined) this.connEpoch = frame.epoch;
      this.#event(frame, this.connEpoch);
    }
  }

  /** Events without a position cannot be told apart: while the socket is there, they come by it alone. */
  #secondEvent(frame) {
    if (frame.event === 'closed' || (frame.seq === undefined && this.link?.isOpen)) return;
    this.#event(frame, frame.epoch ?? 0);
  }

  #event(frame, epoch) {
    if (frame.seq !== undefined) {
      const at = { epoch, seq: frame.seq };
      if (!isAbove(at, this.position)) return;
      this.position = at;
      this.#countForAck();
    } else if (frame.stateVersion !== undefined) {
      if (frame.stateVersion <= this.stateVersion) return;
      this.stateVersion = frame.stateVersion;
    }
    switch (frame.event) {
      case 'session': return this.#sessionBlock(frame.payload ?? {});
      case 'closed': this.lastClosed = frame.payload ?? {}; break;
      case 'shutdown': this.restartMs = frame.payload?.restartExpectedMs ?? 0; break;
      default:
    }
    this.view.onEvent(frame, this.replay.isRunning);
    return this.replay.note(this.position);
  }

  #sessionBlock(session) {
    const wasPlaying = this.isPlaying;
    this.#adopt(session);
    if (this.isPlaying && !wasPlaying) this.#playing(session);
  }

  // ---- acknowledging ------------------------------------------------------------------------------

  #countForAck() {
    if (++this.unacknowledged >= ACK_EVENTS) this.#acknowledge();
    else this.ackTimer ??= setTimeout(() => this.#acknowledge(), ACK_MS);
  }

  /** Stores the screen first: what is acknowledged may be trimmed from the gateway's log. */
  #acknowledge() {
    clearTimeout(this.ackTimer);
    this.ackTimer = null;
    this.unacknowledged = 0;
    this.store();
    if (!this.isPlaying) return;
    const { epoch, seq } = this.position;
    try {
      this.#call(this.#channel(), 'ack', { epoch: epoch || this.connEpoch, seq, connId: this.connId }).catch(() => {});
    } catch { /* not connected: the resume tells our position */ }
  }

  store() { this.memory.saveScreen(this.position, this.view.screen()); }

  // ---- losing the connection ----------------------------------------------------------------------

  #closed(link, code) {
    this.#abandon(link);
    if (link !== this.link) return;
    this.link = null;
    this.pulse.stop();
    this.commands.halt();
    this.closeCode = code;
    if (this.isConnecting) return;  // #connect's caller sees the rejection
    const state = this.state;
    if (state !== 'playing') return this.#over('The connection was lost before you had entered. Please log in again.');
    const last = this.lastClosed ?? {};
    this.lastClosed = null;
    const next = afterClose(code, last.retry);
    if (next === 'login') return this.#over(code === 1000 ? 'You left the game.' : 'Please log in again.');
    if (next === 'ask') {
      this.second.close();
      return this.#tell('ask', { notice: closeNotice(code) });
    }
    if (this.second.isOpen) queueMicrotask(() => this.commands.pump());  // /rpc takes them meanwhile
    if (next === 'later') return this.#later(last.retryAfterMs || 5_000);
    const restart = this.restartMs ?? 0;
    this.restartMs = 0;
    // All clients hear the same time: spread them, so that the gateway does not meet them all at once.
    return this.#later(Math.min(restart, 10_000) + backoffMs(this.tries++));
  }

  #later(ms) {
    this.#tell('waiting', { ms });
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.resume(), ms);
  }

  #over(sentence) {
    this.#drop();
    this.second.close();
    this.commands.abandon();
    this.state = 'none';
    this.memory.forgetSession();
    this.position = { epoch: 0, seq: 0 };
    this.#tell('over');
    this.view.onOver(sentence);
  }

  /** Lets go of the connection without a word to the view. */
  #drop() {
    clearTimeout(this.retry);
    this.pulse.stop();
    clearTimeout(this.ackTimer);
    this.ackTimer = null;
    this.replay.end();
    const link = this.link;
    this.link = null;
    if (link) {
      this.#abandon(link);
      link.close();
    }
  }

  // ---- what people and the page ask ----------------------------------------------------------------

  /** The page came back to the front, or the machine to the network: do not wait for a timer. */
  wake() {
    if (this.link?.isOpen && !this.isConnecting) this.pulse.probe(PROBE_MS);
    else if (this.hasToken && !this.isConnecting && this.status === 'waiting') this.resume();
  }

  /** The gateway does not know us any more on this connection: come back by the token. */
  distrust() { this.link?.close(); }

  async logout() {
    const done = this.request('logout').catch(() => {});
    await withDeadline(done, 2_000).catch(() => {});
    this.#over('You are logged out.');
  }

  /** Changes the transport; the session stays. */
  use(transport) {
    this.transport = transport;
    if (this.state !== 'playing') return;
    this.#drop();
    this.second.close();
    this.resume();
  }

  #tell(status, more = {}) {
    this.status = status;
    this.view.onStatus({ status, transport: this.transport, ...more });
  }
}
