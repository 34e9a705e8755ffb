// A small gateway.v1 server with faults on demand, for tests of the play client: it can cut, refuse,
// restart, lose an answer on its way and close with any code. Not a model of the real gateway's inside.

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';

const WEB = fileURLToPath(new URL('../../../host/web/', import.meta.url));
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const token = () => randomBytes(36).toString('base64url');

class Refusal extends Error {
  constructor(code, reason = '', more = {}) {
    super(more.message ?? `${code} ${reason}`.trim());
    this.body = { code, message: this.message, details: { reason, ...more.details }, ...more.top };
  }
}

class Session {
  constructor(epoch) {
    Object.assign(this, {
      id: token(), epoch, seq: 0, log: [], state: 'authenticating', user: '', character: null,
      connections: new Set(), lastClientSeq: new Map(), executed: [], acked: { epoch: 0, seq: 0 },
    });
  }

  /** Sends one event to all its connections; `must` ones are logged. */
  emit(event, payload, { must = true, stateVersion } = {}) {
    const entry = { type: 'event', event, payload };
    if (stateVersion) entry.stateVersion = stateVersion;
    if (must) {
      Object.assign(entry, { seq: ++this.seq, epoch: this.epoch });
      this.log.push(entry);
    }
    for (const connection of this.connections) connection.send(entry);
  }
}

export class FakeGateway {
  constructor() {
    this.epoch = 1;
    this.users = new Map([['anna', { password: 'correct horse', characters: [{ id: 'c1', name: 'Aldis', summary: 'A ranger' }] }]]);
    this.sessions = new Map();
    this.reconnects = new Map();  // token → {session, attempt, successor}
    this.accesses = new Map();
    this.attaches = new Map();
    this.cookies = new Map();
    this.sockets = new Set();
    this.rotations = 0;
    this.requests = [];           // every frame that came, and
    this.sent = [];               // every one that went out: tests hold both against the schema
    this.connects = 0;
    this.faults = {};             // method → function(connection, frame): true = handled
    this.isDown = false;
    this.server = createServer((request, response) => this.#http(request, response));
    this.server.on('connection', (socket) => {
      if (this.isDown) return socket.destroy();
      this.sockets.add(socket);
      return socket.on('close', () => this.sockets.delete(socket));
    });
    this.wss = new WebSocketServer({ noServer: true, handleProtocols: () => 'gateway.v1' });
    this.server.on('upgrade', (request, socket, head) => {
      this.wss.handleUpgrade(request, socket, head, (ws) => this.#socket(ws));
    });
  }

  async listen(port = 0) {
    await new Promise((resolve) => { this.server.listen(port, '127.0.0.1', resolve); });
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}/`;
  }

  async stop() {
    this.cut();
    await new Promise((resolve) => { this.server.close(resolve); });
  }

  // ---- faults -----------------------------------------------------------------------------------

  /** Every TCP connection dies without a word. */
  cut() { for (const socket of this.sockets) socket.destroy(); }

  /** down: connections are refused until up(). */
  down() {
    this.isDown = true;
    this.cut();
  }

  up() { this.isDown = false; }

  /** A crash that lost what was not yet in the store: a new epoch. */
  crash() {
    this.cut();
    this.epoch += 1;
    for (const session of this.sessions.values()) {
      session.epoch = this.epoch;
      session.seq = 0;
      session.connections.clear(); // at once: whoever waits for a connection waits for a new one
    }
  }

  closeAll(code, reason = '') {
    for (const session of this.sessions.values()) {
      for (const connection of [...session.connections]) connection.close(code, reason);
    }
  }

  /** The one session that plays (tests have one player). */
  get session() { return [...this.sessions.values()].findLast((one) => one.state === 'playing'); }

  say(text, extra = {}) { this.session.emit('output', { kind: 'text', text, ...extra }); }

  // ---- transports -------------------------------------------------------------------------------

  #socket(ws) {
    const connection = {
      kind: 'ws', id: token().slice(0, 6), toldEpoch: 0,
      send: (frame) => {
        const { epoch, ...rest } = frame;
        if (epoch && epoch !== connection.toldEpoch) rest.epoch = connection.toldEpoch = epoch;
        const told = frame.type === 'event' ? rest : frame;
        this.sent.push(told);
        ws.send(JSON.stringify(told));
      },
      close: (code, reason) => ws.close(code, reason),
      destroy: () => ws.terminate(),
    };
    ws.on('message', (data) => {
      const frame = JSON.parse(data);
      this.#answer(connection, frame, (answer) => connection.send(answer));
    });
    ws.on('close', () => connection.session?.connections.delete(connection));
  }

  async #http(request, response) {
    const url = new URL(request.url, this.url);
    if (url.pathname === '/rpc') return this.#rpc(request, response);
    if (url.pathname === '/events') return this.#events(request, response, url);
    const path = normalize(url.pathname === '/' ? '/index.html' : url.pathname);
    try {
      const content = await readFile(join(WEB, path));
      response.writeHead(200, {
        'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream', 'X-Content-Type-Options': 'nosniff',
        'Content-Security-Policy': "default-src 'self'; frame-ancestors 'none'", 'Referrer-Policy': 'no-referrer',
      });
      return response.end(content);
    } catch {
      response.writeHead(404);
      return response.end();
    }
  }

  async #rpc(request, response) {
    let body = '';
    for await (const piece of request) body += piece;
    const connection = { kind: 'rpc', id: token().slice(0, 6), send: () => {}, close: () => {}, destroy: () => request.socket.destroy() };
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (bearer) Object.assign(connection, this.accesses.get(bearer));
    if (bearer && !connection.session) {
      response.writeHead(401, { 'Content-Type': 'application/json' });
      return response.end(JSON.stringify({ code: 'UNAUTHORIZED', message: 'unknown access token' }));
    }
    return this.#answer(connection, JSON.parse(body), (answer) => {
      this.sent.push(answer);
      response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
      response.end(JSON.stringify(answer));
    });
  }

  #events(request, response, url) {
    const headers = { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' };
    const attach = url.searchParams.get('attach');
    const cookie = attach && `gw_${attach.slice(0, 8)}`;
    let session;
    if (attach && (request.headers.cookie ?? '').includes(`${cookie}=`)) {
      session = this.cookies.get(cookie);
    } else if (attach) {
      session = this.attaches.get(attach);
      this.attaches.delete(attach);
      this.cookies.set(cookie, session);
      headers['Set-Cookie'] = `${cookie}=1; HttpOnly; SameSite=Strict; Path=/events`;
    } else {
      session = this.accesses.get((request.headers.authorization ?? '').replace('Bearer ', ''))?.session;
    }
    if (!session) {
      response.writeHead(401);
      return response.end();
    }
    response.writeHead(200, headers);
    response.write('retry: 200\n\n');
    const connection = {
      kind: attach ? 'attached' : 'sse', session,
      send: (frame) => {
        if (frame.type !== 'event') return;
        if (frame.seq) response.write(`id: ${frame.epoch}.${frame.seq}\n`);
        response.write(`event: ${frame.event}\r\ndata: ${JSON.stringify(frame.payload)}\n\n`);
      },
      close: (code) => response.end(`event: closed\ndata: ${JSON.stringify({ code, retry: code < 4000 })}\n\n`),
      destroy: () => response.destroy(),
    };
    const [epoch, seq] = (request.headers['last-event-id'] ?? '').split('.').map(Number);
    if (seq !== undefined) this.#replay(connection, { epoch, seq });
    else if (attach) { /* starts at the token's issue position */ } else this.#replay(connection, { epoch: 0, seq: 0 });
    session.connections.add(connection);
    return response.on('close', () => session.connections.delete(connection));
  }

  #replay(connection, after) {
    for (const entry of connection.session.log) {
      if (entry.epoch > after.epoch || (entry.epoch === after.epoch && entry.seq > after.seq)) connection.send(entry);
    }
  }

  // ---- methods ----------------------------------------------------------------------------------

  #answer(connection, frame, reply) {
    this.requests.push(frame);
    if (this.faults[frame.method]?.(connection, frame)) return;
    try {
      const payload = this.#call(connection, frame.method, frame.params ?? {}, frame);
      if (payload?.lostOnTheWay) return connection.destroy();
      reply({ type: 'res', id: frame.id, ok: true, payload: payload ?? {} });
      connection.after?.();
      connection.after = null;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      reply({ type: 'res', id: frame.id, ok: false, error: error.body });
    }
  }

  #call(connection, method, params, frame) {
    if (method === 'connect') return this.#connect(connection, params);
    const { session } = connection;
    if (!session) throw new Refusal('NOT_CONNECTED');
    switch (method) {
      case 'ping': return {};
      case 'ack': session.acked = { epoch: params.epoch, seq: params.seq }; return {};
      case 'authenticate': return this.#authenticate(session, params);
      case 'register': return this.#register(session, params);
      case 'characters.list': return { characters: this.users.get(session.user).characters };
      case 'characters.create': return this.#create(session, params);
      case 'characters.select': return this.#select(connection, params);
      case 'attach.token': return { attachToken: this.#attachToken(session) };
      case 'command': return this.#command(connection, params, frame);
      case 'logout': session.state = 'closed'; this.sessions.delete(session.id); connection.close(1000); return {};
      default: throw new Refusal('METHOD_NOT_FOUND');
    }
  }

  #connect(connection, params) {
    this.connects += 1;
    connection.device = params.device.id;
    let session;
    if (params.resume) {
      const held = this.reconnects.get(params.resume.token);
      if (!held) throw new Refusal('UNAUTHORIZED', 'sessionExpired');
      if (held.attempt && held.attempt !== params.resume.attempt) throw new Refusal('UNAUTHORIZED', 'sessionNotFound');
      held.attempt = params.resume.attempt;
      this.reconnects.delete(held.successor);
      session = held.session;
      connection.session = session;
      const block = this.#block(connection, true);
      held.successor = block.reconnectToken;
      if (this.loseHello) {
        this.loseHello = false;
        return { lostOnTheWay: true };
      }
      if (connection.kind === 'ws') {
        connection.after = () => {
          connection.toldEpoch = session.epoch;
          this.#replay(connection, { epoch: params.resume.epoch, seq: params.resume.lastSeq });
          session.connections.add(connection);
        };
      }
      return this.#hello(connection, block);
    }
    session = new Session(this.epoch);
    this.sessions.set(session.id, session);
    connection.session = session;
    if (connection.kind === 'ws') session.connections.add(connection);
    return this.#hello(connection, this.#block(connection, false));
  }

  #hello(connection, session) {
    return {
      protocol: 1, server: { version: 'fake', connId: connection.id, gatewayId: 'fake' }, session,
      auth: { role: 'player', scopes: [] }, features: { methods: ['register'], events: [] },
      snapshot: { presence: { count: 1, members: [] }, health: {}, stateVersion: 0 },
      policy: { maxPayload: 65536, maxBufferedBytes: 65536, tickIntervalMs: 30000 },
    };
  }

  #block(connection, resumed) {
    const { session } = connection;
    const block = {
      id: session.id, epoch: session.epoch, state: session.state, resumed,
      lastClientSeq: session.lastClientSeq.get(connection.device) ?? 0,
      seq: session.seq, accessToken: token(),
    };
    this.accesses.set(block.accessToken, { session, device: connection.device });
    if (session.state === 'playing') {
      block.reconnectToken = token();
      block.attachToken = this.#attachToken(session);
      block.expiresAt = new Date(Date.now() + 3_600_000).toISOString();
      block.character = session.character;
      this.reconnects.set(block.reconnectToken, { session });
      this.rotations += 1;
    }
    return block;
  }

  #attachToken(session) {
    const attach = token();
    this.attaches.set(attach, session);
    return attach;
  }

  #authenticate(session, { username, password }) {
    if (this.users.get(username.toLowerCase())?.password !== password) throw new Refusal('UNAUTHORIZED', 'invalidCredentials');
    session.user = username.toLowerCase();
    session.state = 'characterSelection';
    return { user: { id: session.user, name: username } };
  }

  #register(session, { username, password }) {
    if (this.users.has(username.toLowerCase())) throw new Refusal('CONFLICT', 'nameTaken', { message: 'That name is taken.' });
    this.users.set(username.toLowerCase(), { password, characters: [] });
    return this.#authenticate(session, { username, password });
  }

  #create(session, { name }) {
    const character = { id: token(), name, summary: '' };
    this.users.get(session.user).characters.push(character);
    return { character };
  }

  #select(connection, { id }) {
    const { session } = connection;
    session.character = this.users.get(session.user).characters.find((one) => one.id === id);
    if (!session.character) throw new Refusal('NOT_FOUND', 'characterNotFound');
    session.state = 'playing';
    const block = this.#block(connection, false);
    connection.after = () => {
      connection.send({ type: 'event', event: 'session', payload: block });
      session.emit('output', { kind: 'text', text: `Welcome, ${session.character.name}.` });
    };
    return { character: session.character, session: block };
  }

  #command(connection, { text, clientSeq }) {
    const { session } = connection;
    const { device } = connection;
    if (clientSeq !== undefined) {
      const last = session.lastClientSeq.get(device) ?? 0;
      if (clientSeq <= last) return { duplicate: true };
      if (clientSeq > last + 1) throw new Refusal('CONFLICT', '', { details: { expected: last + 1 } });
      session.lastClientSeq.set(device, clientSeq);
    }
    session.executed.push(text);
    connection.after = () => session.emit('output', { kind: 'text', text: `You say: ${text}` });
    if (this.loseCommandAnswer) {
      this.loseCommandAnswer = false;
      connection.after();
      connection.after = null;
      return { lostOnTheWay: true };
    }
    return {};
  }
}

/** `node fake_gateway.mjs PORT`: serves the page for a look at it. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const gateway = new FakeGateway();
  await gateway.listen(Number(process.argv[2] ?? 0));
  console.log(gateway.url);
}
