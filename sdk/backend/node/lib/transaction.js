import * as outputs from './output.js';
import { MAX_MESSAGE } from './batcher.js';
import { AROUND_PAYLOAD, jsonText } from './json_text.js';

// Everything that one call of yours changes: stored as a whole with what you change by tx.db, and sent after that.
// If your call throws, nothing of it is stored or sent. `session` is a session or its id everywhere.
export class Transaction {
  constructor(db, sessions) {
    this.db = db; // better-sqlite3; never begin, commit or roll back
    this.sessions = sessions; // all who play, by id
    this.frames = [];
    this.requests = [];
    this.hooks = [];
  }

  output(session, output, delivery) {
    if (typeof output === 'string') output = outputs.text(output);
    this.#add(session, 'session.output', { output, ...(delivery && { delivery }) }, delivery !== 'drop');
  }
  prompt(session, text, { echo = true } = {}) { this.#add(session, 'session.prompt', { text, ...(!echo && { echo }) }); }
  // updateType: stats, position, inventory, equipment, statusEffects, custom
  entityChanged(session, updateType, data) { this.#add(session, 'entity.changed', { updateType, data }); }
  disconnect(session, reason, text) { this.#add(session, 'session.disconnect', { ...(reason && { reason }), ...(text && { text }) }); }
  setPlain(session, plain) { this.#add(session, 'session.plain', { plain }); }
  join(session, room) { this.#add(session, 'room.join', { room }); }
  leave(session, room) { this.#add(session, 'room.leave', { room }); }
  roomOutput(room, output, { exclude, delivery } = {}) {
    if (typeof output === 'string') output = outputs.text(output);
    this.#add(null, 'room.output', { room, output, ...(exclude && { exclude }), ...(delivery && { delivery }) }, delivery !== 'drop');
  }
  // what: {event?, output | payload, filter?}
  broadcast(what, delivery) { this.#add(null, 'broadcast', { ...what, ...(delivery && { delivery }) }, delivery !== 'drop'); }

  // then(tx, error, payload) is called later, in a transaction of its own; with a Refusal if the link breaks.
  getSession(session, then) {
    this.requests.push({ method: 'session.get', params: jsonText({ session: session.id ?? session }, AROUND_PAYLOAD), then });
  }
  // Once this is stored, and before anything of it is sent.
  afterCommit(then) { this.hooks.push(then); }

  #add(session, event, payload, isCounted = true) {
    const id = session === null ? '' : session.id ?? session;
    const text = jsonText(id === '' ? payload : { session: id, ...payload }, AROUND_PAYLOAD);
    if (Buffer.byteLength(text) > MAX_MESSAGE - 128) throw new RangeError(`${event}: over 64 KiB`);
    this.frames.push({ id, event, text, isCounted });
  }
}
