// The rat, and what happens to who meets it. A fight is a row: it goes on after a restart.
import { output } from 'gatehouse-backend';
import * as characters from './characters.js';
import * as places from './places.js';

const GONE_FOR = 30000; // ms that a killed monster stays away

export function setup(tx) {
  tx.db.exec(`CREATE TABLE IF NOT EXISTS monsters(name TEXT PRIMARY KEY COLLATE NOCASE, room TEXT, hp INTEGER, max_hp INTEGER, back_at INTEGER);
    CREATE TABLE IF NOT EXISTS fights(character TEXT PRIMARY KEY, monster TEXT NOT NULL);
    INSERT OR IGNORE INTO monsters VALUES('rat', 'cellar', 12, 12, 0)`);
}

// The monster's name; undefined: there is none here.
export function begin(tx, me, name) {
  const monster = tx.db.prepare('SELECT name FROM monsters WHERE name = ? AND room = ? AND hp > 0').pluck().get(name, me.room);
  if (monster) tx.db.prepare('INSERT OR REPLACE INTO fights VALUES(?, ?)').run(me.id, monster);
  return monster;
}

// Whether there was a fight.
export function end(tx, me) { return tx.db.prepare('DELETE FROM fights WHERE character = ?').run(me.id).changes > 0; }

export function prompt(tx, me) { tx.prompt(me.session, `${me.hp}/${characters.MAX_HP} hp> `); }

export function tellStats(tx, me) {
  tx.entityChanged(me.session, 'stats', { hp: me.hp, maxHp: characters.MAX_HP, xp: me.xp });
  prompt(tx, me);
}

// A round of every fight whose player is here, and monsters that come back.
export function tick(tx) {
  for (const { name, room } of tx.db.prepare('SELECT name, room FROM monsters WHERE hp <= 0 AND back_at <= ?').all(Date.now())) {
    tx.db.prepare('UPDATE monsters SET hp = max_hp WHERE name = ?').run(name);
    tx.roomOutput(room, `A ${name} crawls out of the straw.`, { delivery: 'drop' });
  }
  for (const me of characters.playing(tx)) {
    if (!characters.isHere(tx, me)) continue;
    const monster = tx.db.prepare('SELECT m.* FROM fights f JOIN monsters m ON m.name = f.monster WHERE f.character = ?').get(me.id);
    if (monster) round(tx, me, monster);
  }
}

function blow(least, most) {
  const critical = Math.random() < 0.1;
  const damage = least + Math.floor(Math.random() * (most - least + 1));
  return { damage: critical ? 2 * damage : damage, critical };
}

function round(tx, me, monster) {
  const hit = blow(2, 5);
  tx.roomOutput(me.room, output.combat({ attacker: me.name, defender: `the ${monster.name}`, action: 'hits', ...hit }));
  if (monster.hp <= hit.damage) {
    kill(tx, me, monster);
  } else {
    tx.db.prepare('UPDATE monsters SET hp = hp - ? WHERE name = ?').run(hit.damage, monster.name);
    strikeBack(tx, me, monster);
  }
  tx.db.prepare('UPDATE characters SET hp = ?, xp = ? WHERE id = ?').run(me.hp, me.xp, me.id);
  tellStats(tx, me);
}

function kill(tx, me, { name }) {
  tx.db.prepare('UPDATE monsters SET hp = 0, back_at = ? WHERE name = ?').run(Date.now() + GONE_FOR, name);
  tx.db.prepare('DELETE FROM fights WHERE monster = ?').run(name);
  me.xp += 10;
  const before = `${me.name} has killed the `; // letters alone: as many bytes
  tx.roomOutput(me.room, output.formatted(`${before}${name}.`, [{ start: before.length, len: name.length, fg: 1, bold: true }]));
}

function strikeBack(tx, me, { name }) {
  const bite = blow(1, 3);
  tx.roomOutput(me.room, output.combat({ attacker: `The ${name}`, defender: me.name, action: 'bites', ...bite }));
  me.hp -= bite.damage;
  if (me.hp > 0) return;
  end(tx, me);
  me.hp = characters.MAX_HP;
  places.tellOthers(tx, me, `${me.name} faints and is carried away.`);
  places.move(tx, me, places.START);
  tx.output(me.session, output.system('You faint. Somebody carries you upstairs and mends you.', 'warning'));
}
