// Link: carries out what the gateway sends, many at once in one transaction, and sends what came of it. What frames
// mean is in docs/protocol/backend-link.md; what a backend may do is in README.md.
import { Connection } from './connection.js';
import { AROUND_FRAME, AROUND_PAYLOAD, jsonText } from './json_text.js';
import { OutboxFull } from './outbox_full.js';
import { Refusal } from './refusal.js';
import { Store } from './store.js';
import { Transaction } from './transaction.js';

const DEFAULTS = {
  capabilities: { characters: true, registration: false, guests: false },
  client: { id: 'gw-backend-node', version: '1.0' },
  durability: 'full',
  maxOutbox: 100000, // frames; what link.transaction and link.every would send beyond it is refused
  errorText: 'Something went wrong, and nothing was changed.',
  reconnectMin: 1000,
  reconnectMax: 30000,
  reopenAfter: 1000, // ms that an older connection of ours may take to end
  log: (level, text) => console.error(`${level}: ${text}`),
  onFatal: (error) => { console.error(`error: ${error.message}`); process.exit(1); },
};

const LOGINS = {
  authenticate: async (backend, params) => ({ user: await backend.authenticate(params) }),
  register: async (backend, params) => ({ user: await backend.register(params) }),
  guest: async (backend, params) => ({ user: await backend.guest(params) }),
  'characters.list': async (backend, params) => ({ characters: await backend.characters(params.user) }),
  'characters.create': async (backend, params) => ({ character: await backend.createCharacter(params) }),
  'characters.select': async (backend, params) => ({ character: await backend.selectCharacter(params.user, params.character) }),
};
const HANDLERS = { authenticate: 'authenticate', register: 'register', guest: 'guest', 'characters.list': 'characters',
  'characters.create': 'createCharacter', 'characters.select': 'selectCharacter' };

const isSession = ({ session }) => typeof session === 'string' && session !== '';

export class Link {
  #accounts = new Map(); // session id, or '' for frames without one → {id, seq, n, isOpen, wentBackTo}
  #inbox = [];
  #outgoing = [];
  #hooks = [];
  #toAck = new Set();
  #touched = new Set();
  #asked = new Map();
  #lastRequest = 0;
  #timers = [];
  #reopening;
  #isScheduled = false;
  #isUp = false;
  #isReady = false; // link.ready: until then frames are kept, and then leave in the order in which they were made

  // backend: an object with onCommand(tx, session, text) and what else of README.md it wants to have.
  constructor(options, backend) {
    this.options = { ...DEFAULTS, ...options };
    this.backend = backend;
    this.sessions = new Map();
    this.store = new Store(this.options.db, this.options.durability);
    for (const row of this.store.sessions()) this.#accounts.set(row.session, { id: row.session, seq: row.seq, n: row.n });
    this.#account('');
    for (const id of this.#accounts.keys()) if (id) this.sessions.set(id, { id, rooms: [] });
    this.connection = new Connection(this.options, this.store.instance, this);
    this.#run([() => this.#call('onStart', (tx) => backend.onStart?.(tx), true)]);
  }

  start() { this.connection.start(); }

  // What is sent while it is false is kept, up to maxOutbox.
  get isConnected() { return this.#isUp; }

  // Counted frames that the gateway has not acknowledged.
  get outboxSize() { return this.store.outboxSize; }

  // Sends what has been carried out, says goodbye, closes the database.
  async stop() {
    this.#timers.forEach(clearInterval);
    clearTimeout(this.#reopening);
    this.#flush();
    await this.connection.stop();
    this.#flush();
    this.store.close();
  }

  // A transaction of your own; its answer is fn's.
  // Not within another one. Throws OutboxFull if what it sends would be over maxOutbox.
  transaction(fn) {
    if (this.store.db.inTransaction) throw new Error('this is within a transaction already');
    let result;
    let problem;
    this.#run([() => this.#callOwn('transaction', (tx) => { result = fn(tx); return result; }, (error) => { problem = error; })]);
    if (problem) throw problem;
    return result;
  }

  // The same again and again; what it throws is logged.
  every(ms, fn) {
    this.#timers.push(setInterval(() => this.#push(() => this.#callOwn('a timer', fn)), ms));
  }

  // --- From the connection

  onUp(hello) { this.#push(() => { this.#isUp = true; const rest = this.#account(''); this.#open(rest, hello.link?.n ?? this.store.firstOf(rest) - 1); }); }

  onDown(why) {
    this.#push(() => {
      this.#isUp = false;
      this.#isReady = false;
      clearTimeout(this.#reopening);
      for (const account of this.#accounts.values()) account.isOpen = false;
      const asked = [...this.#asked.values()];
      this.#asked.clear();
      for (const then of asked) this.#call('getSession', (tx) => then(tx, new Refusal('UNAVAILABLE', 'The link broke.')));
      this.#call('onLinkLost', (tx) => this.backend.onLinkLost?.(tx, why));
    });
  }

  onFrames(frames) {
    for (const frame of frames) {
      if (frame.type === 'event' && frame.payload) this.#inbox.push(() => this.#event(frame.event, frame.payload));
      else if (frame.type === 'req') this.#login(frame);
      else if (frame.type === 'res') this.#inbox.push(() => this.#response(frame));
    }
    this.#schedule();
  }

  // --- Transactions

  #push(work) {
    this.#inbox.push(work);
    this.#schedule();
  }

  #schedule() {
    if (this.#isScheduled || this.#inbox.length === 0 || !this.store.db.open) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush() {
    this.#isScheduled = false;
    if (this.#inbox.length > 0 && this.store.db.open) this.#run(this.#inbox.splice(0));
  }

  // All of the work in one transaction, then what came of it.
  #run(work) {
    try {
      this.store.sql.begin.run();
      for (const item of work) item();
      for (const account of this.#touched) this.store.save(account);
      this.store.sql.commit.run();
    } catch (error) {
      // The memory knows more than the disk now; the disk is right.
      this.options.onFatal(error);
      return;
    }
    this.#touched.clear();
    for (const hook of this.#hooks.splice(0)) this.#runHook(hook);
    for (const frame of this.#outgoing.splice(0)) this.connection.send(frame);
    for (const account of this.#toAck) {
      if (!account.isOpen) continue;
      const payload = jsonText({ session: account.id, seq: account.seq }, AROUND_PAYLOAD);
      this.connection.send(this.#frame('command.ack', 0, payload));
    }
    this.#toAck.clear();
  }

  // What it belongs to is stored: it must not look as if it were not, nor keep others from theirs.
  #runHook(hook) {
    try {
      const result = hook();
      if (typeof result?.then === 'function') this.#logRejection('the promise of a hook', result);
    } catch (error) {
      this.options.log('error', `a hook threw: ${error?.stack ?? error}`);
    }
  }

  // Otherwise it would end the process.
  #logRejection(what, promise) {
    Promise.resolve(promise).catch((error) => this.options.log('error', `${what} was rejected: ${error?.stack ?? error}`));
  }

  // One call of the author's: all or nothing. onProblem: true throws on, a function is told.
  #call(what, theirs, onProblem) {
    const tx = new Transaction(this.store.db, this.sessions);
    this.store.sql.mark.run();
    try {
      const result = theirs(tx);
      if (typeof result?.then === 'function') {
        this.#logRejection(`the promise of ${what}`, result);
        throw new TypeError(`${what}: a transaction cannot wait; it returned a promise`);
      }
    } catch (error) {
      this.store.sql.undo.run();
      this.store.sql.keep.run();
      if (onProblem === true) throw error;
      if (onProblem) onProblem(error);
      else this.options.log('error', `${what} threw, and was taken back: ${error?.stack ?? error}`);
      return false;
    }
    this.store.sql.keep.run();
    this.#apply(tx);
    return true;
  }

  // A call that the author began. It goes on while the link is down, so that what it sends has to have a bound; the
  // others come from a gateway that listens, which bounds them by itself.
  #callOwn(what, theirs, onProblem) {
    return this.#call(what, (tx) => {
      const result = theirs(tx);
      this.#checkRoom(tx);
      return result;
    }, onProblem);
  }

  #checkRoom(tx) {
    const more = tx.frames.filter(({ id, isCounted }) => isCounted && this.#accounts.has(id)).length;
    const { maxOutbox } = this.options;
    if (more > 0 && this.outboxSize + more > maxOutbox) throw new OutboxFull(this.outboxSize, more, maxOutbox);
  }

  #apply(tx) {
    for (const { id, event, text, isCounted } of tx.frames) {
      const account = this.#accounts.get(id);
      if (!account) continue; // it is over
      if (isCounted) {
        ++account.n;
        this.#touched.add(account);
        this.store.add(account, event, text);
      }
      if (account.isOpen && this.#isReady) this.#outgoing.push(this.#frame(event, isCounted ? account.n : 0, text));
    }
    for (const request of tx.requests) this.#ask(request);
    this.#hooks.push(...tx.hooks);
  }

  #frame(event, n, payload) {
    return `{"type":"event","event":"${event}"${n > 0 ? `,"n":${n}` : ''},"payload":${payload}}`;
  }

  // --- What the gateway tells

  #event(event, payload) {
    const account = payload.session ? this.#accounts.get(payload.session) : this.#account('');
    switch (event) {
      case 'command': if (account?.id) this.#command(account, payload); break;
      case 'command.private': this.#tell('onPrivate', account, payload.text); break;
      case 'link.ack': if (account && Number.isInteger(payload.n)) this.store.trim(account.id, Math.min(payload.n, account.n)); break;
      case 'link.error': if (account) this.#linkError(account, payload); break;
      case 'session.entered': this.#entered(payload); break;
      case 'session.reconnected': this.#reconnected(payload); break;
      case 'session.disconnected':
        if (account?.id) this.sessions.get(account.id).hasPlayer = false;
        this.#tell('onDisconnected', account, payload.reason);
        break;
      case 'session.closed': this.#close(account, payload.reason); break;
      case 'link.ready': this.#ready(); break;
      case 'link.drain': this.#hooks.push(() => this.backend.onDrain ? this.backend.onDrain() : this.stop()); break;
      default: // not known: later versions may have more
    }
  }

  #tell(handler, account, ...values) {
    if (!account?.id) return;
    this.#call(handler, (tx) => this.backend[handler]?.(tx, this.sessions.get(account.id), ...values));
  }

  #command(account, { seq, text }) {
    if (!Number.isInteger(seq) || seq < 1 || typeof text !== 'string') return;
    this.#toAck.add(account);
    if (seq <= account.seq) return;
    const session = this.sessions.get(account.id);
    const isDone = this.#call('onCommand', (tx) => this.backend.onCommand(tx, session, text));
    account.seq = seq; // also if it threw, or it would throw for ever
    this.#touched.add(account);
    if (!isDone) this.#call('the error text', (tx) => tx.output(session, { type: 'system', text: this.options.errorText, level: 'error' }));
  }

  #account(id) {
    if (!this.#accounts.has(id)) this.#accounts.set(id, { id, seq: 0, n: 0 });
    return this.#accounts.get(id);
  }

  #meet(payload) {
    const account = this.#account(payload.session);
    this.#touched.add(account);
    const session = this.sessions.get(account.id) ?? { id: account.id };
    Object.assign(session, { user: payload.user, character: payload.character, rooms: payload.rooms ?? session.rooms ?? [],
      hasPlayer: payload.state !== 'disconnected' });
    this.sessions.set(account.id, session);
    if (!account.isOpen) this.#open(account, payload.n ?? account.n);
    return account;
  }

  #entered(payload) { if (isSession(payload)) this.#tell('onEntered', this.#meet(payload)); }

  #reconnected(payload) {
    if (!isSession(payload)) return;
    const isNew = !this.#accounts.has(payload.session);
    const account = this.#meet(payload);
    if (isNew) this.#tell('onEntered', account); // session.entered was lost with an older connection
    this.#tell('onReconnected', account, payload.cause);
  }

  #close(account, reason) {
    if (!account?.id) return;
    account.isOpen = false;
    this.#tell('onClosed', account, reason);
    this.store.forget(account.id);
    this.#accounts.delete(account.id);
    this.sessions.delete(account.id);
    this.#touched.delete(account);
  }

  #ready() {
    if (!this.#isReady) this.#sendKept();
    this.#isReady = true;
    this.#askForOthers();
    let sessions = 0;
    for (const account of this.#accounts.values()) if (account.id && account.isOpen) ++sessions;
    this.#call('onReady', (tx) => this.backend.onReady?.(tx, sessions));
  }

  // Sessions that were not told may have ended while we were away, or be served by another connection.
  #askForOthers() {
    for (const account of this.#accounts.values()) {
      if (!account.id || account.isOpen) continue;
      this.#ask({ method: 'session.get', params: jsonText({ session: account.id }, AROUND_PAYLOAD), then: (tx, refusal) => {
        if (refusal?.code === 'NOT_FOUND') this.#push(() => this.#closeUnlessBack(account));
      } });
    }
  }

  // Behind what came with the answer, which may be that the session is served here after all, or has entered anew.
  #closeUnlessBack(account) {
    if (this.#accounts.get(account.id) === account && !account.isOpen) this.#close(account, 'notFound');
  }

  // --- Counts

  #open(account, theirs) {
    this.#agree(account, theirs);
    this.store.trim(account.id, theirs); // that of an acknowledgement may have been lost with an older connection
    account.isOpen = true;
    account.wentBackTo = 0;
    this.#sendFrom(account, theirs + 1);
  }

  // Where we have less than the gateway we go on from there; where it lost frames that we have no more (it crashed, and
  // stores relaxed), ours are numbered anew behind what it has.
  #agree(account, theirs) {
    const before = this.store.firstOf(account) - 1;
    if (theirs >= before && theirs <= account.n) return;
    if (theirs > account.n) this.store.trim(account.id, account.n);
    else this.store.shift(account.id, theirs - before);
    account.n = theirs > account.n ? theirs : account.n + theirs - before;
    this.#touched.add(account);
  }

  #sendFrom(account, n) {
    if (!this.#isReady) return; // with the others, when all sessions have been told
    for (const frame of this.store.framesFrom(account.id, n)) this.#sendStored(frame);
  }

  // What the gateway has is gone since it told its counts.
  #sendKept() {
    for (const frame of this.store.frames()) if (this.#accounts.get(frame.session)?.isOpen) this.#sendStored(frame);
  }

  #sendStored({ event, n, payload }) { this.#outgoing.push(this.#frame(event, n, payload)); }

  #linkError(account, { error = {}, event }) {
    const expected = error.details?.expected;
    if (error.code === 'CONFLICT' && expected > 0) {
      // Each frame that was under way behind a missing one is refused with the same number: go back once.
      if (!account.isOpen || account.wentBackTo === expected) return;
      this.#agree(account, expected - 1);
      account.wentBackTo = expected;
      this.#sendFrom(account, expected);
    } else if (error.code === 'NOT_FOUND' && account.id) {
      this.#close(account, 'notFound');
    } else if (error.code === 'FORBIDDEN' && error.details?.reason === 'otherConnection') {
      this.#elsewhere(account);
    } else {
      // Refused for what it says: its number is used up, the next one follows as if nothing had been. It stays in the
      // outbox until the acknowledgement that covers it.
      this.options.log('warning', `the gateway refused ${event}: ${error.code} ${error.message}`);
    }
  }

  // A session: session.reconnected says when we serve it. Frames without one go on the oldest connection alone, and the
  // gateway may not have noticed yet that the one before ours is dead.
  #elsewhere(account) {
    if (!account.isOpen) return;
    account.isOpen = false;
    if (!account.id) this.#reopening = setTimeout(() => this.#push(() => this.#reopen(account)), this.options.reopenAfter);
  }

  #reopen(account) {
    if (!this.#isUp || account.isOpen) return;
    account.isOpen = true;
    account.wentBackTo = 0;
    this.#sendFrom(account, 1);
  }

  // --- Requests

  // params: a JSON text.
  #ask({ method, params, then }) {
    if (!this.#isUp) {
      this.#push(() => this.#callOwn(method, (tx) => then(tx, new Refusal('UNAVAILABLE', 'There is no link.'))));
      return;
    }
    const id = `b${++this.#lastRequest}`;
    this.#asked.set(id, then);
    this.#outgoing.push(`{"type":"req","id":"${id}","method":"${method}","params":${params}}`);
  }

  #response(frame) {
    const then = this.#asked.get(frame.id);
    if (!then) return;
    this.#asked.delete(frame.id);
    const { code, message, details } = frame.error ?? {};
    this.#call('getSession', (tx) => then(tx, frame.ok ? null : new Refusal(code, message, details?.reason), frame.payload));
  }

  async #login({ id, method, params }) {
    const { generation } = this.connection;
    let answer;
    try {
      if (!this.backend[HANDLERS[method]]) throw Refusal.unknownMethod();
      if (params === null || typeof params !== 'object' || Array.isArray(params)) throw Refusal.invalid('params: not an object');
      answer = jsonText({ type: 'res', id, ok: true, payload: await LOGINS[method](this.backend, params) }, AROUND_FRAME);
    } catch (error) {
      answer = this.#refused(id, method, error);
    }
    this.connection.answer(generation, answer);
  }

  #refused(id, method, error) {
    const frame = (why) => jsonText({ type: 'res', id, ok: false, error: why }, AROUND_FRAME);
    try {
      if (error instanceof Refusal) return frame(error.toError());
    } catch (unfit) { // a Refusal made of what is no text
      error = unfit;
    }
    this.options.log('error', `${method} threw: ${error?.stack ?? error}`);
    return frame({ code: 'INTERNAL', message: 'Something went wrong.' });
  }
}
