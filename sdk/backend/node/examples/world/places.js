// Rooms and things: where everything is, and what a player is shown of it.
import { output } from 'gatehouse-backend';
import * as characters from './characters.js';

export const START = 'hall';
const ROOMS = {
  hall: { name: 'The Hall', description: 'A stone hall. Dust dances in the light of one high window.', exits: { down: 'cellar' } },
  cellar: { name: 'The Cellar', description: 'It smells of wet straw, and something rustles in it.', exits: { up: 'hall' } },
};
const ITEMS = [['lamp', 'hall'], ['bread', 'hall'], ['rope', 'cellar']];

// place: a room, or a character's id.
export function setup(tx) {
  tx.db.exec('CREATE TABLE IF NOT EXISTS items(name TEXT PRIMARY KEY COLLATE NOCASE, place TEXT NOT NULL)');
  const add = tx.db.prepare('INSERT OR IGNORE INTO items VALUES(?, ?)');
  for (const item of ITEMS) add.run(...item);
}

export function itemsAt(tx, place) { return tx.db.prepare('SELECT name FROM items WHERE place = ? ORDER BY name').pluck().all(place); }

// The thing's name; undefined: it is not there.
export function moveItem(tx, name, from, to) {
  return tx.db.prepare('UPDATE items SET place = ? WHERE name = ? AND place = ? RETURNING name').pluck().get(to, name, from);
}

export function exitOf(me, direction) { return ROOMS[me.room].exits[direction]; }

export function look(tx, me) {
  const { name, description, exits } = ROOMS[me.room];
  const others = characters.playing(tx).filter((one) => one.room === me.room && one.id !== me.id);
  const monsters = tx.db.prepare('SELECT name, hp FROM monsters WHERE room = ? AND hp > 0').all(me.room);
  tx.output(me.session, output.room({ name, description, exits: Object.keys(exits),
    entities: [...others.map((one) => characters.label(tx, one)), ...monsters], items: itemsAt(tx, me.room) }));
}

export function tellOthers(tx, me, text, delivery) { tx.roomOutput(me.room, text, { exclude: [me.session], delivery }); }

export function tellPosition(tx, me) {
  const { name, exits } = ROOMS[me.room];
  tx.entityChanged(me.session, 'position', { room: me.room, name, exits: Object.keys(exits) });
}

export function tellInventory(tx, me) { tx.entityChanged(me.session, 'inventory', { items: itemsAt(tx, me.id) }); }

// To another room, without a word.
export function move(tx, me, room) {
  tx.leave(me.session, me.room);
  me.room = room;
  tx.db.prepare('UPDATE characters SET room = ? WHERE id = ?').run(room, me.id);
  tx.join(me.session, room);
  tellPosition(tx, me);
}
