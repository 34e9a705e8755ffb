import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { batch, MAX_MESSAGE } from '../lib/batcher.js';
import { readTokenFile } from '../lib/token_file.js';
import { Link, OutboxFull, Refusal } from '../index.js';
import { FakeGateway } from './fake_gateway.js';

let folder;
let gateway;
let link;

const nested = (levels) => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

// A login that is answered when the test says so: asked() is called by the link, isAsked settles then.
function slowLogin() {
  const slow = {};
  slow.isAsked = new Promise((resolve) => {
    slow.asked = () => new Promise((answer) => { slow.answer = answer; resolve(); });
  });
  return slow;
}
let slow;

const world = {
  onStart: (tx) => tx.db.exec('CREATE TABLE IF NOT EXISTS total(sum INTEGER); INSERT INTO total SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM total)'),
  authenticate: ({ username, password }) => {
    if (password === 'wrong') throw Refusal.wrongPassword();
    if (username === 'throws') throw new Error('no');
    if (username === 'bigint') return { id: 1n };
    if (username === 'bigint refusal') throw new Refusal('FORBIDDEN', 'no', 2n);
    if (username === 'deep') return { id: 'u', name: nested(70) };
    if (username === 'half') return { id: 'u-half', name: '\ud83d' };
    if (username === 'slow') return slow.asked();
    return { id: `u-${username}`, name: username };
  },
  onEntered: (tx, session) => tx.join(session, 'hall'),
  onClosed: (tx, session, reason) => tx.roomOutput('hall', `closed ${reason}`),
  onPrivate: (tx, session, text) => tx.output(session, `private ${text.length}`),
  onCommand: (tx, session, text) => {
    tx.db.exec('UPDATE total SET sum = sum + 1');
    tx.output(session, `${text} ${tx.db.prepare('SELECT sum FROM total').pluck().get()}`);
    if (text === 'throw') throw new Error('asked to');
    if (text === 'long') tx.output(session, 'x'.repeat(70000));
    if (text === 'deep') tx.entityChanged(session, 'custom', nested(62));
    if (text === 'bigint') tx.getSession({ id: 1n }, () => {});
    if (text === 'wait') return Promise.resolve();
    if (text === 'reject') return Promise.reject(new Error('asked to'));
    if (text === 'burst') for (let i = 0; i < 3000; ++i) tx.output(session, `line ${i}${'.'.repeat(60)}`);
    return undefined;
  },
};

function options() {
  return { url: gateway.url, tokenFile: path.join(folder, 'token'), db: path.join(folder, 'w.db'), name: 'world',
    durability: 'normal', reconnectMin: 5, reconnectMax: 20, reopenAfter: 20, log: () => {}, onFatal: (error) => { throw error; } };
}
async function start(more = {}) {
  link = new Link({ ...options(), ...more }, world);
  link.start();
  await gateway.waitForLinks(gateway.links + 1);
}
async function stop() {
  await link?.stop();
  link = undefined;
}

async function until(what, isTrue) {
  const deadline = Date.now() + 20000;
  while (!isTrue()) {
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`);
    await new Promise(setImmediate);
  }
}

beforeEach(async () => {
  slow = slowLogin();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gw-node-'));
  fs.writeFileSync(path.join(folder, 'token'), 'secret\n', { mode: 0o600 });
  gateway = new FakeGateway();
  await gateway.start();
});
afterEach(async () => {
  await stop();
  await gateway.stop();
  fs.rmSync(folder, { recursive: true });
});

test('messages are filled up to 64 KiB and not over', () => {
  const sizes = batch(Array(2000).fill('x'.repeat(99))).map((message) => message.length);
  assert.deepEqual(sizes, [65501, 65501, 65501, 3501]);
  assert.deepEqual(batch(['1', 'x'.repeat(MAX_MESSAGE - 2), '2']).map((message) => message.length), [3, MAX_MESSAGE, 3]);
});

test('a token file that others can read is refused', () => {
  const file = path.join(folder, 'token');
  assert.equal(readTokenFile(file), 'secret');
  fs.chmodSync(file, 0o644);
  assert.throws(() => readTokenFile(file), /others can read it/);
});

test('logins are answered', async () => {
  await start();
  assert.equal(gateway.connects[0].auth.token, 'secret');
  assert.deepEqual((await gateway.ask('authenticate', { username: 'anna' })).payload, { user: { id: 'u-anna', name: 'anna' } });
  assert.equal((await gateway.ask('authenticate', { password: 'wrong' })).error.details.reason, 'invalidCredentials');
  assert.equal((await gateway.ask('authenticate', { username: 'throws' })).error.code, 'INTERNAL');
  assert.equal((await gateway.ask('guest', {})).error.code, 'METHOD_NOT_FOUND');
  assert.equal((await gateway.ask('heartbeat')).ok, true);
});

test('an answer that the gateway would not take is INTERNAL, and the link stays', async () => {
  const logged = [];
  await start({ log: (level, text) => logged.push(text) });
  for (const username of ['bigint', 'bigint refusal', 'deep']) {
    assert.equal((await gateway.ask('authenticate', { username })).error.code, 'INTERNAL', username);
    assert.match(logged.pop(), /^authenticate threw: (Type|Range)Error/);
  }
  assert.equal((await gateway.ask('authenticate', { username: 'half' })).payload.user.name, '\ufffd');
  assert.equal(gateway.connects.length, 1);
});

test('an answer that is ready after the link came back answers nobody else', async () => {
  await start();
  gateway.send({ type: 'req', id: 'g1', method: 'authenticate', params: { username: 'slow' } });
  await slow.isAsked;
  await gateway.relink();
  assert.equal((await gateway.ask('authenticate', { username: 'anna' })).payload.user.id, 'u-anna'); // g1 again
  slow.answer({ id: 'u-slow', name: 'slow' });
  await new Promise(setImmediate);
  await gateway.ask('heartbeat'); // behind it
  assert.deepEqual(gateway.frames.filter((frame) => frame.type === 'res'), []);
});

test('a command is carried out once and acknowledged each time', async () => {
  await start();
  gateway.enter('s');
  gateway.command('s', 4, 'a');
  await gateway.waitForAck('s', 4);
  gateway.command('s', 4, 'a');
  await gateway.waitForAck('s', 4);
  gateway.command('s', 9, 'b');
  assert.deepEqual(await gateway.texts('s', 3), ['room.join', 'a 1', 'b 2']);
});

test('a command that throws, waits or says too much is taken back alone', async () => {
  await start();
  gateway.enter('s');
  ['a', 'throw', 'long', 'wait', 'deep', 'bigint', 'b'].forEach((text, i) => gateway.command('s', i + 1, text));
  const sorry = link.options.errorText;
  assert.deepEqual(await gateway.texts('s', 8), ['room.join', 'a 1', sorry, sorry, sorry, sorry, sorry, 'b 2']);
});

test('half of a character in an output breaks nothing', async () => {
  await start();
  gateway.enter('s');
  gateway.command('s', 1, 'a\ud83d');
  assert.deepEqual(await gateway.texts('s', 2), ['room.join', 'a\ufffd 1']);
});

test('frames that were not stored come again, over restarts', async () => {
  gateway.acks = false;
  await start();
  gateway.enter('s');
  gateway.command('s', 1, 'a');
  await gateway.waitForAck('s', 1);
  await stop();
  gateway.last.set('s', 1);
  await start();
  gateway.reconnect('s', 1);
  gateway.command('s', 1, 'a');
  gateway.command('s', 2, 'b');
  assert.deepEqual(await gateway.texts('s', 4), ['room.join', 'a 1', 'a 1', 'b 2']);
  assert.equal(gateway.connects[0].instance, gateway.connects[1].instance);
});

test('after a gap it goes back to what the gateway lacks', async () => {
  gateway.acks = false;
  await start();
  gateway.enter('s');
  gateway.command('s', 1, 'a');
  await gateway.waitForAck('s', 1);
  gateway.last.set('s', 1);
  gateway.command('s', 2, 'b');
  assert.deepEqual(await gateway.texts('s', 4), ['room.join', 'a 1', 'a 1', 'b 2']);
});

test('what a gateway lost after its acknowledgement is numbered anew', async () => {
  await start();
  gateway.enter('s');
  gateway.command('s', 1, 'a');
  await gateway.waitForAck('s', 1);
  gateway.event('link.ack', { session: 's', n: 2 });
  gateway.command('s', 1, 'a'); // answered behind the acknowledgement
  await gateway.waitForAck('s', 1);
  await gateway.relink();
  gateway.last.set('s', 0);
  gateway.reconnect('s', 0, 'restored');
  gateway.command('s', 2, 'b');
  assert.equal((await gateway.texts('s', 3)).at(-1), 'b 2');
});

const numbers = (session) => gateway.taken.get(session).map((frame) => frame.n);

test('a frame that is refused for what it says uses its number up', async () => {
  gateway.acks = false;
  gateway.refusal = { fits: (frame) => frame.payload.output?.text === 'bad 1', error: { code: 'INVALID_REQUEST', message: 'bad' } };
  await start();
  gateway.enter('s');
  gateway.command('s', 1, 'bad');
  gateway.command('s', 2, 'b');
  await gateway.texts('s', 2);
  gateway.command('s', 3, 'c');
  assert.deepEqual(await gateway.texts('s', 3), ['room.join', 'b 2', 'c 3']);
  assert.deepEqual(numbers('s'), [1, 3, 4]);
});

test('so does a broadcast that the token does not allow', async () => {
  gateway.refusal = { fits: (frame) => frame.event === 'broadcast',
    error: { code: 'FORBIDDEN', message: 'no', details: { reason: 'permissionDenied' } } };
  await start();
  link.transaction((tx) => { tx.broadcast({ output: { type: 'text', text: 'to everybody' } }); tx.roomOutput('hall', 'all'); });
  assert.deepEqual(await gateway.texts('', 1), ['all']);
  assert.deepEqual(numbers(''), [2]);
});

test('frames without a session come again once an older connection has ended', async () => {
  gateway.refusal = { fits: (frame) => frame.event === 'room.output',
    error: { code: 'FORBIDDEN', message: 'no', details: { reason: 'otherConnection' } } };
  await start();
  link.transaction((tx) => { tx.roomOutput('hall', 'all'); tx.roomOutput('hall', 'of all'); });
  gateway.enter('s');
  await gateway.texts('s', 1); // behind both
  gateway.refusal = null;
  assert.deepEqual(await gateway.texts('', 2), ['all', 'of all']);
});

test('the number in session.reconnected is an acknowledgement', async () => {
  gateway.acks = false;
  await start();
  gateway.enter('s');
  gateway.command('s', 1, 'a');
  await gateway.waitForAck('s', 1);
  await gateway.relink();
  gateway.reconnect('s', 2);
  gateway.command('s', 2, 'b');
  await gateway.waitForAck('s', 2);
  gateway.last.set('s', 0); // what was acknowledged does not come again, even now
  gateway.command('s', 3, 'c');
  assert.deepEqual(await gateway.texts('s', 5), ['room.join', 'a 1', 'b 2', 'b 2', 'c 3']);
});

// --- What is sent while sessions are told of

// Frames as AWAY says. s had one before them.
async function makeFramesWhileAway() {
  await start();
  gateway.enter('s');
  await gateway.texts('s', 1);
  gateway.isReadyAtOnce = false;
  gateway.frames = [];
  gateway.socket.terminate();
  await until('no link', () => !link.isConnected);
  link.transaction((tx) => {
    tx.roomOutput('hall', 'one');
    tx.join('s', 'cellar');
    tx.roomOutput('cellar', 'two');
    tx.output('s', 'three');
  });
  link.transaction((tx) => tx.roomOutput('cellar', 'four'));
}
async function linkAgain() {
  await gateway.waitForLinks(2);
  await until('a link', () => link.isConnected);
}
async function tellOfSession(n) {
  gateway.reconnect('s', n);
  await gateway.ask('heartbeat'); // behind it
  await new Promise(setImmediate);
}
const counted = () => gateway.frames.filter((frame) => frame.n > 0);
const inOrder = async (count) => {
  await gateway.until(`${count} frames`, () => counted().length >= count);
  return counted().map((frame) => frame.payload.output?.text ?? frame.event);
};
const AWAY = ['one', 'room.join', 'two', 'three', 'four'];

test('what was kept leaves once all sessions are told, in the order in which it was made', async () => {
  await makeFramesWhileAway();
  await linkAgain();
  await tellOfSession(1);
  link.transaction((tx) => { tx.output('s', 'five'); tx.roomOutput('hall', 'six'); });
  gateway.command('s', 1, 'seven');
  await gateway.waitForAck('s', 1);
  assert.deepEqual(counted(), []);
  gateway.ready(1);
  gateway.command('s', 2, 'eight');
  assert.deepEqual(await inOrder(9), [...AWAY, 'five', 'six', 'seven 1', 'eight 2']);
});

test('over a link that breaks before that, and a restart', async () => {
  await makeFramesWhileAway();
  await linkAgain();
  await tellOfSession(1);
  await gateway.relink();
  await until('a link', () => link.isConnected);
  await tellOfSession(1);
  assert.deepEqual(counted(), []);
  await stop();
  await start();
  await tellOfSession(1);
  link.transaction((tx) => tx.roomOutput('hall', 'five'));
  gateway.ready(1);
  assert.deepEqual(await inOrder(6), [...AWAY, 'five']);
});

test('with numbers that are given anew', async () => {
  await makeFramesWhileAway();
  await linkAgain();
  gateway.last.set('s', 0); // it acknowledged the first one, and lost it
  await tellOfSession(0);
  gateway.ready(1);
  assert.deepEqual(await inOrder(5), AWAY);
  assert.deepEqual(counted().map((frame) => frame.n), [1, 1, 2, 2, 3]);
});

test('but a session that is told of later gets its own then', async () => {
  await makeFramesWhileAway();
  await linkAgain();
  gateway.ready(0);
  assert.deepEqual(await inOrder(3), ['one', 'two', 'four']);
  await tellOfSession(1);
  assert.deepEqual((await inOrder(5)).slice(3), ['room.join', 'three']);
});

test('and so do frames without a session that an older connection holds up', async () => {
  gateway.refusal = { fits: (frame) => frame.event === 'room.output',
    error: { code: 'FORBIDDEN', message: 'no', details: { reason: 'otherConnection' } } };
  await makeFramesWhileAway();
  await linkAgain();
  await tellOfSession(1);
  gateway.ready(1);
  assert.deepEqual(await inOrder(2), ['room.join', 'three']);
  gateway.refusal = null;
  assert.deepEqual((await inOrder(5)).slice(2), ['one', 'two', 'four']);
});

test('a session that enters again begins at 1', async () => {
  await start();
  gateway.enter('s');
  gateway.command('s', 7, 'a');
  await gateway.texts('s', 2);
  gateway.leave('s', 'clientDisconnect');
  gateway.enter('s');
  gateway.command('s', 8, 'b');
  assert.deepEqual(await gateway.texts('s', 4), ['room.join', 'a 1', 'room.join', 'b 2']);
  assert.deepEqual(numbers('s'), [1, 2, 1, 2]);
});

test('a closed session is forgotten', async () => {
  await start();
  gateway.enter('s');
  await gateway.texts('s', 1);
  gateway.event('session.closed', { session: 's', reason: 'timeout' });
  assert.deepEqual(await gateway.texts('', 1), ['closed timeout']);
  assert.equal(link.sessions.size, 0);
});

test('sessions that were not told are asked for', async () => {
  await start();
  gateway.enter('s');
  await gateway.texts('s', 1);
  await gateway.relink();
  const asked = await gateway.waitFor('session.get', (frame) => frame.method === 'session.get');
  gateway.send({ type: 'res', id: asked.id, ok: false, error: { code: 'NOT_FOUND', message: '?' } });
  assert.deepEqual(await gateway.texts('', 1), ['closed notFound']);
});

test('and are not over if they come back meanwhile', async () => {
  await start();
  gateway.enter('s');
  await gateway.texts('s', 1);
  await gateway.relink();
  const asked = await gateway.waitFor('session.get', (frame) => frame.method === 'session.get');
  gateway.send([
    { type: 'res', id: asked.id, ok: false, error: { code: 'NOT_FOUND', message: '?' } },
    { type: 'event', event: 'session.reconnected', payload: { ...gateway.block('s'), state: 'playing', rooms: [], n: 1, cause: 'link' } },
  ]);
  gateway.command('s', 1, 'a');
  assert.deepEqual(await gateway.texts('s', 2), ['room.join', 'a 1']);
  assert.equal(gateway.taken.get(''), undefined); // closed
});

test('many frames leave in few messages', async () => {
  await start();
  gateway.enter('s');
  gateway.command('s', 1, 'burst');
  assert.equal((await gateway.texts('s', 3002)).length, 3002);
  assert.ok(Math.max(...gateway.sizes) <= MAX_MESSAGE);
  assert.ok(gateway.sizes.length < 40);
});

test('private answers are not commands', async () => {
  await start();
  gateway.enter('s');
  gateway.event('command.private', { session: 's', text: 'secret' });
  assert.equal((await gateway.texts('s', 2)).at(-1), 'private 6');
});

test('a transaction of the author\'s own cannot wait', async () => {
  await start();
  assert.throws(() => link.transaction(async (tx) => { tx.roomOutput('hall', 'never'); }), /cannot wait/);
  assert.equal(link.outboxSize, 0);
});

test('a promise that is returned and rejected is logged, and ends nothing', async () => {
  const logged = [];
  await start({ log: (level, text) => logged.push(text) });
  assert.throws(() => link.transaction(async () => { throw new Error('mine'); }), /cannot wait/);
  gateway.enter('s');
  gateway.command('s', 1, 'reject');
  assert.deepEqual(await gateway.texts('s', 2), ['room.join', link.options.errorText]);
  assert.match(logged.find((text) => text.includes('mine')), /^the promise of transaction was rejected: Error: mine/);
  assert.match(logged.find((text) => text.includes('asked to')), /^the promise of onCommand was rejected/);
});

test('a hook that throws is logged, and keeps nothing from being done', async () => {
  const logged = [];
  const done = [];
  await start({ log: (level, text) => logged.push(text) });
  gateway.enter('s');
  await gateway.texts('s', 1); // the link is up
  const answer = link.transaction((tx) => {
    tx.afterCommit(() => { throw new Error('first'); });
    tx.afterCommit(() => Promise.reject(new Error('second')));
    tx.afterCommit(() => done.push('third'));
    tx.roomOutput('hall', 'stored');
    return 'answer';
  });
  assert.equal(answer, 'answer');
  assert.deepEqual(done, ['third']);
  assert.deepEqual(await gateway.texts('', 1), ['stored']);
  assert.match(logged.find((text) => text.includes('first')), /^a hook threw: Error: first/);
  assert.match(logged.find((text) => text.includes('second')), /^the promise of a hook was rejected: Error: second/);
});

// --- The bound of the outbox. The gateway does not acknowledge, so that frames stay.

const say = (count) => link.transaction((tx) => { for (let i = 0; i < count; ++i) tx.roomOutput('hall', `line ${i}`); });
const stored = () => link.store.db.prepare('SELECT count(*) FROM gw_frame').pluck().get();
async function startSilent(maxOutbox) {
  gateway.acks = false;
  await start({ maxOutbox });
}
const untilOutboxIs = (size) => until(`an outbox of ${size}`, () => link.outboxSize === size);

test('the outbox takes maxOutbox frames and not one more', async () => {
  await startSilent(3);
  say(2);
  assert.throws(() => say(2), OutboxFull);
  assert.equal(link.outboxSize, 2);
  say(1);
  assert.throws(() => say(1), { name: 'OutboxFull', message: /3 frames wait for the gateway, 1 more would be over maxOutbox \(3\)/ });
  link.transaction((tx) => { tx.roomOutput('hall', 'weather', { delivery: 'drop' }); tx.output('nobody', 'is told'); });
  assert.deepEqual([link.outboxSize, stored()], [3, 3]);
});

test('a transaction that finds the outbox full leaves nothing', async () => {
  await startSilent(2);
  gateway.enter('s');
  await gateway.texts('s', 1); // the link is up
  const hooks = [];
  const change = (text) => link.transaction((tx) => {
    tx.db.exec('UPDATE total SET sum = sum + 1');
    tx.roomOutput('hall', text);
    tx.roomOutput('hall', 'dropped', { delivery: 'drop' });
    tx.getSession('s', () => hooks.push('answer'));
    tx.afterCommit(() => hooks.push(text));
  });
  change('first');
  assert.throws(() => change('second'), OutboxFull);
  assert.throws(() => link.transaction((tx) => { tx.roomOutput('hall', 'third'); throw new TypeError('before'); }), TypeError);
  gateway.command('s', 1, 'a');
  assert.equal((await gateway.texts('s', 2)).at(-1), 'a 2');
  assert.deepEqual(await gateway.texts('', 1), ['first']);
  assert.equal(gateway.frames.filter((frame) => frame.payload?.delivery === 'drop').length, 1);
  assert.equal(gateway.frames.filter((frame) => frame.method === 'session.get').length, 1);
  assert.deepEqual(hooks, ['first']);
  assert.deepEqual([link.outboxSize, stored()], [3, 3]);
});

test('timers are bounded as well', async () => {
  let ticks = 0;
  await startSilent(5);
  await new Promise((resolve) => link.every(1, (tx) => {
    tx.roomOutput('hall', 'tick');
    if (++ticks === 10) resolve();
  }));
  assert.deepEqual([link.outboxSize, stored()], [5, 5]);
});

test('so are answers that there is no link', async () => {
  gateway.acks = false;
  link = new Link({ ...options(), maxOutbox: 2 }, world);
  await new Promise((resolve) => {
    let answers = 0;
    link.transaction((tx) => {
      for (let i = 0; i < 5; ++i) tx.getSession('s', (later) => { later.roomOutput('hall', 'late'); if (++answers === 5) resolve(); });
    });
  });
  await untilOutboxIs(2);
  assert.equal(stored(), 2);
});

test('there is room again once frames are acknowledged', async () => {
  await startSilent(2);
  say(2);
  assert.throws(() => say(1), OutboxFull);
  await gateway.texts('', 2);
  gateway.event('link.ack', { n: 1 });
  await untilOutboxIs(1);
  assert.throws(() => say(2), OutboxFull);
  say(1);
  assert.deepEqual([link.outboxSize, stored()], [2, 2]);
});

test('commands and session events go on though the outbox is full', async () => {
  await startSilent(1);
  say(1);
  gateway.enter('s');
  ['a', 'throw', 'b'].forEach((text, i) => gateway.command('s', i + 1, text));
  assert.deepEqual(await gateway.texts('s', 4), ['room.join', 'a 1', link.options.errorText, 'b 2']);
  assert.throws(() => say(1), OutboxFull);
  assert.deepEqual([link.outboxSize, stored()], [5, 5]);
  gateway.leave('s', 'clientDisconnect');
  await gateway.texts('', 2); // closed
  assert.deepEqual([link.outboxSize, stored()], [2, 2]);
});

test('the outbox is counted again after a restart, and right when numbers are given anew', async () => {
  await startSilent(3);
  gateway.enter('s');
  gateway.command('s', 1, 'a');
  await gateway.texts('s', 2);
  say(1);
  await gateway.texts('', 1);
  await stop();
  link = new Link({ ...options(), maxOutbox: 3 }, world);
  assert.deepEqual([link.outboxSize, stored()], [3, 3]);
  assert.throws(() => say(1), OutboxFull);
  link.start();
  await gateway.waitForLinks(2);
  await untilOutboxIs(2); // hello acknowledged the one without a session
  gateway.event('link.ack', { session: 's', n: 1 });
  await untilOutboxIs(1);
  gateway.last.set('s', 0);
  gateway.reconnect('s', 0, 'restored'); // what is left becomes number 1
  await gateway.texts('s', 3);
  assert.deepEqual([link.outboxSize, stored()], [1, 1]);
});
