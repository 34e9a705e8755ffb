// Users, and how they show who they are.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Refusal } from 'gatehouse-backend';

const NAME = /^[A-Za-z0-9_-]{3,20}$/;
const NOBODY = { salt: randomBytes(16), hash: Buffer.alloc(32) };
const MOST_AT_ONCE = 2; // 16 MiB and a core each

export function setup(tx) {
  tx.db.exec('CREATE TABLE IF NOT EXISTS users(id TEXT PRIMARY KEY, name TEXT UNIQUE COLLATE NOCASE, salt BLOB, hash BLOB)');
}

// On a thread of Node's pool: commands go on meanwhile.
const derive = promisify(scrypt);
const waiting = [];
let running = 0;

async function hashOf(password, salt) {
  if (running < MOST_AT_ONCE) ++running;
  else await new Promise((turn) => waiting.push(turn));
  try {
    return await derive(password, salt, 32, { N: 2 ** 14, r: 8, p: 1 });
  } finally {
    const next = waiting.shift(); // takes over our place
    if (next) next();
    else --running;
  }
}

// ask(fn): fn(tx) in a transaction.
export async function authenticate(ask, { username, password }) {
  const user = ask((tx) => tx.db.prepare('SELECT id, name, salt, hash FROM users WHERE name = ?').get(username));
  // Hashed for nobody too: how long it takes must not tell which names there are.
  const { salt, hash } = user ?? NOBODY;
  const isRight = timingSafeEqual(await hashOf(password, salt), hash);
  if (!user || !isRight) throw Refusal.wrongPassword();
  return { id: user.id, name: user.name };
}

export async function register(ask, { username, password }) {
  if (!NAME.test(username)) throw Refusal.invalid('A name has 3 to 20 letters, digits, _ or -.');
  if (password.length < 8 || password.length > 256) throw Refusal.invalid('A password has 8 to 256 characters.');
  const id = `u-${randomBytes(8).toString('hex')}`;
  const salt = randomBytes(16);
  const hash = await hashOf(password, salt);
  ask((tx) => {
    if (tx.db.prepare('SELECT 1 FROM users WHERE name = ?').get(username)) throw Refusal.nameTaken();
    tx.db.prepare('INSERT INTO users VALUES(?, ?, ?, ?)').run(id, username, salt, hash);
  });
  return { id, name: username };
}
