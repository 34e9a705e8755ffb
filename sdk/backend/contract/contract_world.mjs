// The contract world in Node: what README.md beside this file says, and nothing more.
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { Link, output, Refusal } from '../node/index.js';

const { values: flags } = parseArgs({ options: {
  url: { type: 'string' }, 'token-file': { type: 'string' }, db: { type: 'string' }, name: { type: 'string', default: 'world' },
} });
for (const name of ['url', 'token-file', 'db']) {
  if (!flags[name]) {
    console.error(`error: --${name} is missing`);
    process.exit(2);
  }
}

let ready = 0;
let asking = []; // sessions whose `who` waits for the next link

function charactersOf(db, user) {
  const own = user.replace(/^u-/, '');
  const made = db.prepare('SELECT id, name FROM characters WHERE user = ? ORDER BY id').all(user);
  return [{ id: `c-${own}`, name: own.slice(0, 1).toUpperCase() + own.slice(1) }, ...made];
}

function add(tx, session, amount) {
  tx.db.prepare('INSERT INTO totals VALUES(?, ?) ON CONFLICT DO UPDATE SET total = total + excluded.total').run(session.character.id, amount);
  return tx.db.prepare('SELECT total FROM totals WHERE character = ?').pluck().get(session.character.id);
}

function crash(tx, when) {
  const marker = `${flags.db}.crashed-${when}`;
  if (fs.existsSync(marker)) return;
  fs.writeFileSync(marker, '');
  const kill = () => process.kill(process.pid, 'SIGKILL');
  if (when === 'before') kill();
  tx.afterCommit(kill);
}

function askState(tx, id) {
  tx.getSession(id, (later, refusal, answer) => {
    if (refusal?.code === 'UNAVAILABLE') asking.push(id);
    else if (!refusal) later.output(id, `state ${answer.session.state}`);
  });
}

const isNumber = (text) => /^-?[0-9]+$/.test(text);
const span = { start: 8, len: 3, fg: 1, bold: true };
const commands = {
  echo: (tx, session, rest) => tx.output(session, rest),
  add: (tx, session, rest) => tx.output(session, `total ${add(tx, session, Number(rest))}`),
  burst: (tx, session, rest) => { for (let i = 1; i <= Number(rest); ++i) tx.output(session, String(i)); },
  all: (tx, session, rest) => tx.roomOutput('hall', rest),
  hidden: (tx, session) => tx.prompt(session, 'Secret: ', { echo: false }),
  crash: (tx, session, rest) => { tx.output(session, `${rest} ${add(tx, session, 1)}`); crash(tx, rest); },
  room: (tx, session) => tx.output(session, output.room({ name: 'Hall', description: 'A bare hall.', exits: ['north'],
    entities: [session.character.name], items: ['lamp'] })),
  fight: (tx, session) => tx.output(session, output.combat({ attacker: session.character.name, defender: 'rat', action: 'hits', damage: 3, critical: false })),
  data: (tx, session) => tx.output(session, output.structured('World.Data', { list: [1, 2, 3] }, 'data')),
  color: (tx, session) => tx.output(session, output.formatted('Gr\u00fc\u00dfe red', [span])),
  system: (tx, session) => tx.output(session, output.system('system', 'info')),
  stats: (tx, session) => tx.entityChanged(session, 'stats', { total: add(tx, session, 0) }),
  kick: (tx, session) => tx.disconnect(session, 'kicked', 'Goodbye.'),
  who: (tx, session) => askState(tx, session.id),
};

function isRight(word, rest) {
  if (word === 'add' || word === 'burst') return isNumber(rest);
  return word === 'crash' ? rest === 'before' || rest === 'after' : Object.hasOwn(commands, word);
}

const world = {
  onStart: (tx) => tx.db.exec(`CREATE TABLE IF NOT EXISTS totals(character TEXT PRIMARY KEY, total INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS characters(id TEXT PRIMARY KEY, user TEXT NOT NULL, name TEXT NOT NULL)`),
  onReady: (tx, sessions) => {
    console.log(JSON.stringify({ event: 'ready', sessions, reconnects: ready++ }));
    for (const id of asking.splice(0)) askState(tx, id);
  },

  authenticate: ({ username, password }) => {
    if (username === 'slow') return new Promise(() => {});
    if (username === 'locked') throw Refusal.locked();
    if (password === 'wrong') throw Refusal.wrongPassword();
    return { id: `u-${username.toLowerCase()}`, name: username, plain: false };
  },
  register: (given) => world.authenticate(given),
  characters: (user) => link.transaction((tx) => charactersOf(tx.db, user)),
  createCharacter: ({ user, name }) => {
    if (!name) throw Refusal.invalid('A name is needed.');
    if (name === 'Taken') throw Refusal.nameTaken();
    const made = { id: `c-${name.toLowerCase()}`, name };
    link.transaction((tx) => { tx.db.prepare('INSERT OR REPLACE INTO characters VALUES(?, ?, ?)').run(made.id, user, name); });
    return made;
  },
  selectCharacter: (user, wanted) => {
    const all = link.transaction((tx) => charactersOf(tx.db, user));
    const found = all.find((one) => one.id === wanted) ?? all.find((one) => one.name.toLowerCase() === wanted.toLowerCase());
    if (!found) throw Refusal.notFound('There is no such character.');
    return found;
  },

  onEntered: (tx, session) => tx.join(session, 'hall'),
  onPrivate: (tx, session, text) => tx.output(session, `hidden ${Buffer.byteLength(text)}`),
  onCommand: (tx, session, text) => {
    const blank = text.indexOf(' ');
    const [word, rest] = blank < 0 ? [text, ''] : [text.slice(0, blank), text.slice(blank + 1)];
    if (isRight(word, rest)) commands[word](tx, session, rest);
    else tx.output(session, `? ${text}`);
  },
  onDrain: () => end(),
};

const link = new Link({ url: flags.url, tokenFile: flags['token-file'], db: flags.db, name: flags.name,
  capabilities: { characters: true, registration: true, guests: false, welcome: 'The contract world.' },
  client: { id: 'contract-world', version: '1.0' } }, world);

async function end() {
  await link.stop();
  process.exit(0);
}
process.once('SIGTERM', end);
process.once('SIGINT', end);
link.start();
