import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import Database from 'better-sqlite3';
import { Store } from '../lib/store.js';

let folder;
let file;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gw-node-'));
  file = path.join(folder, 'w.db');
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const assertInUse = () => assert.throws(() => new Store(file), { message: `db ${file}: another process uses it` });

// A process that has the database open, until it is killed.
async function otherProcess() {
  const code = `import Database from 'better-sqlite3';
import { Store } from ${JSON.stringify(new URL('../lib/store.js', import.meta.url).href)};
    globalThis.store = new Store(${JSON.stringify(file)});
    console.log(store.instance);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [instance] = await once(child.stdout, 'data');
  return { child, instance: String(instance).trim() };
}

test('a database has one process, and a killed one leaves it free', async () => {
  const { child, instance } = await otherProcess();
  assertInUse();
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  const store = new Store(file);
  assert.equal(store.instance, instance);
  store.close();
});

test('a database is free again once it is closed, and not before', () => {
  const store = new Store(file);
  store.save({ id: 's', seq: 1, n: 1 });
  assertInUse();
  assert.equal(fs.statSync(`${file}.lock`).mode & 0o777, 0o600);
  store.close();
  const again = new Store(file);
  assert.equal(again.sessions().length, 1);
  again.close();
});

test('a file that is no database is left free', () => {
  fs.writeFileSync(file, 'no database at all, but as long as the head of one would be: '.repeat(10));
  assert.throws(() => new Store(file), /not a database/);
  fs.rmSync(file);
  new Store(file).close();
});

test('a database in memory has no lock', () => {
  const before = fs.readdirSync('.');
  const stores = [new Store(':memory:'), new Store(':memory:')];
  assert.deepEqual(fs.readdirSync('.'), before);
  for (const store of stores) store.close();
});

test('frames of an older table come before those that have a place', () => {
  const older = new Database(file);
  older.exec(`CREATE TABLE gw_frame(session TEXT NOT NULL, n INTEGER NOT NULL, event TEXT NOT NULL,
      payload TEXT NOT NULL, PRIMARY KEY(session, n)) WITHOUT ROWID;
    INSERT INTO gw_frame VALUES('', 1, 'room.output', '1'), ('s', 1, 'room.join', '2'), ('s', 2, 'session.output', '3')`);
  older.close();
  for (let opened = 1; opened <= 2; ++opened) {
    const store = new Store(file);
    store.add({ id: opened === 1 ? 't' : 'a', n: 1 }, 'session.output', `new ${opened}`);
    store.close();
  }
  const store = new Store(file);
  assert.deepEqual(store.frames().map(({ payload }) => payload), ['2', '3', '1', 'new 1', 'new 2']);
  store.close();
});
