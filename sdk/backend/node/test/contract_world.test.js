// The contract world as a process that is killed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FakeGateway } from './fake_gateway.js';

const WORLD = fileURLToPath(new URL('../../contract/contract_world.mjs', import.meta.url));
let folder;
let gateway;
let world;

async function start() {
  world = spawn(process.execPath, [WORLD, '--url', gateway.url, '--token-file', path.join(folder, 'token'), '--db', path.join(folder, 'w.db')],
    { stdio: ['ignore', 'pipe', 'ignore'] });
  world.ended = once(world, 'exit');
  await gateway.waitForLinks(gateway.links + 1);
}
async function startAgain(n) {
  assert.deepEqual(await world.ended, [null, 'SIGKILL']);
  await start();
  gateway.reconnect('s', n);
  gateway.ready(1);
}

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gw-node-'));
  fs.writeFileSync(path.join(folder, 'token'), 'secret', { mode: 0o600 });
  gateway = new FakeGateway();
  gateway.isReadyAtOnce = false;
  await gateway.start();
  await start();
  gateway.enter('s');
  gateway.ready(1);
});
afterEach(async () => {
  world.kill('SIGTERM');
  await world.ended;
  await gateway.stop();
  fs.rmSync(folder, { recursive: true });
});

test('a command that was not committed is carried out again', async () => {
  gateway.command('s', 1, 'add 5');
  await gateway.waitForAck('s', 1);
  gateway.command('s', 2, 'crash before');
  await startAgain(2);
  gateway.command('s', 2, 'crash before');
  gateway.command('s', 3, 'add 0');
  assert.deepEqual(await gateway.texts('s', 4), ['room.join', 'total 5', 'before 6', 'total 6']);
});

test('what was committed comes from the outbox', async () => {
  await gateway.texts('s', 1); // that it was taken is told below
  gateway.command('s', 1, 'crash after');
  await startAgain(1);
  gateway.command('s', 1, 'crash after');
  await gateway.waitForAck('s', 1);
  gateway.command('s', 2, 'add 0');
  assert.deepEqual(await gateway.texts('s', 3), ['room.join', 'after 1', 'total 1']);
});

test('each form is shown, and the process ends cleanly', async () => {
  const line = once(world.stdout, 'data');
  assert.deepEqual(JSON.parse((await line)[0]), { event: 'ready', sessions: 1, reconnects: 0 });
  ['room', 'fight', 'data', 'color', 'system', 'stats', 'hidden', 'kick', 'burst x'].forEach((text, i) => gateway.command('s', i + 1, text));
  await gateway.waitForAck('s', 9);
  const kinds = gateway.taken.get('s').map((frame) => frame.payload.output?.type ?? frame.event);
  assert.deepEqual(kinds, ['room.join', 'roomDescription', 'combat', 'structured', 'formattedText', 'system', 'entity.changed',
    'session.prompt', 'session.disconnect', 'text']);
  world.kill('SIGTERM');
  assert.deepEqual(await world.ended, [0, null]);
});
