// The first example of README.md, as it is there, as a process.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FakeGateway } from './fake_gateway.js';

const HERE = fileURLToPath(new URL('..', import.meta.url)); // where its import finds this library
let folder;
let gateway;
let world;

function example() {
  const [, code] = /```js\n(.*?)```/s.exec(fs.readFileSync(path.join(HERE, 'README.md'), 'utf8'));
  return code.replace('ws://127.0.0.1:18780', gateway.url)
    .replace("'world.token'", JSON.stringify(path.join(folder, 'token')))
    .replace("'world.db'", JSON.stringify(path.join(folder, 'w.db')));
}

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gw-node-'));
  fs.writeFileSync(path.join(folder, 'token'), 'secret', { mode: 0o600 });
  gateway = new FakeGateway();
  await gateway.start();
  world = spawn(process.execPath, ['--input-type=module', '-e', example()], { cwd: HERE, stdio: ['ignore', 'ignore', 'inherit'] });
  world.ended = once(world, 'exit');
  await gateway.waitForLinks(1);
});
afterEach(async () => {
  world.kill('SIGKILL');
  await gateway.stop();
  fs.rmSync(folder, { recursive: true });
});

test('the first example is played, and ends cleanly', async () => {
  assert.equal(gateway.connects[0].capabilities.characters, false); // it answers nothing about them
  assert.deepEqual((await gateway.ask('authenticate', { username: 'anna' })).payload.user, { id: 'u-anna', name: 'anna' });
  gateway.enter('s', { id: 'u-anna', name: '' });
  gateway.command('s', 1, 'hello');
  assert.deepEqual(await gateway.texts('s', 1), ['hello']);
  world.kill('SIGTERM');
  assert.deepEqual(await world.ended, [0, null]);
});
