// The Two Rooms as a process that is killed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FakeGateway } from './fake_gateway.js';

const WORLD = fileURLToPath(new URL('../examples/world/index.js', import.meta.url));
let folder;
let gateway;
let world;
let seq;

async function start() {
  world = spawn(process.execPath, [WORLD, '--url', gateway.url, '--token-file', path.join(folder, 'token'), '--db', path.join(folder, 'w.db')],
    { stdio: 'ignore' });
  world.ended = once(world, 'exit');
  await gateway.waitForLinks(gateway.links + 1);
}

// What the command brings its own session, without the prompt that ends it.
async function say(text, session = 's') {
  const before = gateway.taken.get(session).length;
  gateway.command(session, ++seq, text);
  await gateway.waitForAck(session, seq);
  return gateway.taken.get(session).slice(before).filter((frame) => frame.event !== 'session.prompt')
    .map((frame) => frame.payload.output?.text ?? frame.payload.output?.type ?? frame.payload.updateType ?? frame.event);
}

async function play(name, session) {
  const { user } = (await gateway.ask('register', { username: name, password: 'open sesame' })).payload;
  const { character } = (await gateway.ask('characters.create', { user: user.id, name })).payload;
  gateway.enter(session, character);
  await gateway.waitFor('a prompt', (frame) => frame.event === 'session.prompt' && frame.payload.session === session);
  return user.id;
}

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gw-node-'));
  fs.writeFileSync(path.join(folder, 'token'), 'secret', { mode: 0o600 });
  gateway = new FakeGateway();
  seq = 0;
  await gateway.start();
  await start();
});
afterEach(async () => {
  world.kill('SIGTERM');
  await world.ended;
  await gateway.stop();
  fs.rmSync(folder, { recursive: true });
});

test('people are known by their password, and have characters', async () => {
  const reason = async (method, params) => (await gateway.ask(method, params)).error.details.reason;
  assert.equal(await reason('authenticate', { username: 'anna', password: 'open sesame' }), 'invalidCredentials');
  const user = await play('anna', 's');
  assert.equal(await reason('register', { username: 'ANNA', password: 'another one' }), 'nameTaken');
  assert.equal(await reason('register', { username: 'bob', password: 'short' }), 'invalidData');
  assert.equal(await reason('authenticate', { username: 'anna', password: 'wrong' }), 'invalidCredentials');
  assert.equal((await gateway.ask('authenticate', { username: 'Anna', password: 'open sesame' })).payload.user.id, user);
  assert.equal(await reason('characters.create', { user, name: 'Anna' }), 'nameTaken');
  const { character } = (await gateway.ask('characters.select', { user, character: 'anna' })).payload;
  assert.deepEqual((await gateway.ask('characters.list', { user })).payload.characters, [character]);
  assert.equal(await reason('characters.select', { user: 'u-bob', character: character.id }), 'notFound');
});

test('it is played, and loses nothing when it is killed', async () => {
  await play('anna', 's');
  assert.deepEqual(await say('take LAMP'), ['You take the lamp.', 'inventory']);
  assert.deepEqual(await say('take lamp'), ['There is no lamp here.']);
  assert.deepEqual(await say('down'), ['room.leave', 'room.join', 'position', 'roomDescription']);
  const n = gateway.last.get('s');
  world.kill('SIGKILL');
  await world.ended;
  await start();
  gateway.reconnect('s', n);
  await gateway.waitFor('room.join', (frame) => frame.event === 'room.join' && frame.n > n); // it was told of none
  assert.deepEqual(await say('inventory'), ['You carry: lamp']);
  assert.deepEqual(await say('kill rat'), ['You attack the rat.']);
  await gateway.waitFor('a blow', (frame) => frame.payload?.output?.type === 'combat' && frame.payload.room === 'cellar');
});

test('people talk', async () => {
  await play('anna', 's');
  await play('bob', 't');
  assert.deepEqual(await say('say hello  there'), ['You say: hello  there']);
  assert.deepEqual(await say('tell bob psst'), ['You tell Bob: psst']);
  assert.equal(gateway.taken.get('t').at(-1).payload.output.text, 'Anna tells you: psst');
  assert.deepEqual(await say('who', 't'), ['Anna\nBob']);
  assert.deepEqual(await say('constructor'), ['You do not know how to constructor. Try help.']);
  gateway.leave('s', 'timeout');
  assert.deepEqual(await say('who', 't'), ['Bob']);
  assert.deepEqual(await say('quit', 't'), ['session.disconnect']);
  assert.equal(gateway.taken.get('t').at(-1).event, 'session.disconnect'); // no prompt behind it
});
