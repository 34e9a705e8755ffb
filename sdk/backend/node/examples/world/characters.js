// Characters: who there is, and which session plays whom. Everything else asks here for `me`, a row of the table.
import { randomBytes } from 'node:crypto';
import { Refusal } from 'gatehouse-backend';

export const MAX_HP = 20;
const MOST = 5;
const NAME = /^[A-Za-z]{2,20}$/;
const shown = ({ id, name, xp }) => ({ id, name, summary: `${xp} experience` });

export function setup(tx) {
  tx.db.exec(`CREATE TABLE IF NOT EXISTS characters(id TEXT PRIMARY KEY, user TEXT NOT NULL, name TEXT UNIQUE COLLATE NOCASE,
    room TEXT NOT NULL, hp INTEGER NOT NULL, xp INTEGER NOT NULL, session TEXT)`);
}

const ofUser = (tx, user) => tx.db.prepare('SELECT * FROM characters WHERE user = ? ORDER BY name').all(user);

export function list(tx, user) { return ofUser(tx, user).map(shown); }

export function create(tx, user, name, room) {
  if (!NAME.test(name ?? '')) throw Refusal.invalid('A character\'s name has 2 to 20 letters.');
  if (tx.db.prepare('SELECT 1 FROM characters WHERE name = ?').get(name)) throw Refusal.nameTaken();
  if (ofUser(tx, user).length >= MOST) throw Refusal.invalid(`You have ${MOST} characters already.`);
  const made = { id: `c-${randomBytes(8).toString('hex')}`, name: name[0].toUpperCase() + name.slice(1).toLowerCase(), xp: 0 };
  tx.db.prepare('INSERT INTO characters VALUES(?, ?, ?, ?, ?, 0, NULL)').run(made.id, user, made.name, room, MAX_HP);
  return shown(made);
}

export function select(tx, user, wanted) {
  const all = ofUser(tx, user);
  const found = all.find(({ id }) => id === wanted) ?? all.find(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  if (!found) throw Refusal.notFound('You have no such character.');
  return shown(found);
}

// --- Who plays

// undefined: not known here.
export function arrive(tx, session) {
  tx.db.prepare('UPDATE characters SET session = ? WHERE id = ?').run(session.id, session.character.id);
  return of(tx, session);
}

export function leave(tx, me) { tx.db.prepare('UPDATE characters SET session = NULL WHERE id = ?').run(me.id); }

export function of(tx, session) { return tx.db.prepare('SELECT * FROM characters WHERE session = ?').get(session.id); }

export function playing(tx) { return tx.db.prepare('SELECT * FROM characters WHERE session IS NOT NULL ORDER BY name').all(); }

// Has a connection. After a restart of ours nobody has, until the gateway tells of them.
export function isHere(tx, me) { return tx.sessions.get(me.session)?.hasPlayer === true; }

export function label(tx, me) { return me.name + (isHere(tx, me) ? '' : ' (away)'); }
