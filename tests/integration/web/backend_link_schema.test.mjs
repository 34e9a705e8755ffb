// The schema of the backend link accepts what the protocol's page shows, knows every name on it, and refuses
// what it forbids.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { schemaOf } from './schema.mjs';

const PAGE = readFileSync(new URL('../../../docs/protocol/backend-link.md', import.meta.url), 'utf8');
const { problemsOf, partsOf } = schemaOf('backend-link');

/** The values of the page's JSON blocks; one may go over several lines, and … stands for what is left out. */
function examples() {
  const found = [];
  for (const [, block] of PAGE.matchAll(/^```json\n([\s\S]*?)^```/gm)) {
    let open = '';
    for (const line of block.split('\n')) {
      open += line;
      try {
        found.push(JSON.parse(open.replaceAll('…', '0')));
        open = '';
      } catch { /* goes on in the next line */ }
    }
    assert.equal(open.trim(), '', 'a block that is not JSON');
  }
  return found;
}

/** What stands in code in the first column of the first table below a heading. */
function namesBelow(heading) {
  const section = PAGE.split(`## ${heading}\n`)[1].split('\n## ')[0];
  const table = section.split('\n\n').map((part) => part.trim()).find((part) => part.startsWith('|'));
  const rows = table.split('\n').slice(2);
  return rows.flatMap((row) => [...row.split('|')[1].matchAll(/`([^`]+)`/g)].map((match) => match[1]));
}

test('every example of the page is valid, alone and in an array', () => {
  const all = examples();
  assert.ok(all.length >= 5);
  for (const example of all) assert.equal(problemsOf(example), '');
  assert.equal(problemsOf(all), '');
});

test('the schema knows every method and event of the page, and no other', () => {
  const asked = namesBelow('What the gateway asks');
  const told = namesBelow('What the gateway tells');
  const sent = namesBelow('What the backend sends');
  assert.ok(asked.includes('characters.list') && told.includes('link.ack') && sent.includes('room.leave'));
  const onlyRequests = ['session.get', 'heartbeat'];
  const events = [...told, ...sent.filter((name) => !onlyRequests.includes(name))];
  const methods = new Set(['connect', ...asked, ...sent]);
  assert.deepEqual(partsOf('event.').sort(), events.map((name) => `event.${name}`).sort());
  assert.deepEqual(partsOf('params.').sort(), [...methods].map((name) => `params.${name}`).sort());
});

test('the schema knows every kind of output of the page', () => {
  const kinds = [...PAGE.split('| `type` | members')[1].split('\n\n')[0].matchAll(/^\| `([A-Za-z]+)`/gm)];
  assert.deepEqual(partsOf('output.').sort(), kinds.map((match) => `output.${match[1]}`).sort());
});

const user = { id: 'u-anna', name: 'anna', guest: false, plain: false };
const character = { id: 'c-anna', name: 'Anna' };
const event = (name, payload, more = {}) => ({ type: 'event', event: name, payload, ...more });
const request = (method, params, more = {}) => ({ type: 'req', id: 'r1', method, params, ...more });
const output = (value, more = {}) => event('session.output', { session: 's', output: value, ...more }, { n: 1 });

test('what both sides say is valid', () => {
  const right = [
    event('session.entered', { session: 's', user, character }),
    event('session.reconnected', { session: 's', user, character, state: 'playing', rooms: [], n: 0, cause: 'link' }),
    event('session.reconnected', { session: 's', user, character, state: 'playing', cause: 'player' }),
    event('link.ack', { n: 3 }), event('link.ack', { session: 's', n: 3 }), event('link.ready', { sessions: 1 }),
    event('link.error', { error: { code: 'CONFLICT', message: '', details: { expected: 4 } }, event: 'broadcast', n: 9 }),
    event('cancel', { id: 7 }), event('command.ack', { session: 's', seq: 4 }),
    request('heartbeat', {}), request('session.get', { session: 's' }),
    request('session.prompt', { session: 's', text: '> ' }, { n: 2 }),
    output({ type: 'text', text: 'Hello' }), output({ type: 'text', text: 'Hello' }, { delivery: 'latest:hp' }),
    output({ type: 'formattedText', text: 'Hi', spans: [{ start: 0, len: 2, fg: 9, bg: '#00ff7F', bold: true }] }),
    output({ type: 'structured', outputType: 'Room.Weather', data: ['grey'] }),
    output({ type: 'roomDescription', name: 'Hall', description: '', exits: ['north'], entities: [{ name: 'rat', hp: 3 }], items: [] }),
    output({ type: 'combat', attacker: 'Anna', defender: 'the rat', action: 'hits', damage: 3, critical: false }),
    output({ type: 'system', text: 'Soon.' }),
    event('broadcast', { event: 'Weather', payload: {}, filter: { rooms: ['hall'] } }, { n: 1 }),
    event('room.output', { room: 'hall', output: { type: 'text', text: 'x' }, exclude: ['s'] }, { n: 2 }),
  ];
  for (const frame of right) assert.equal(problemsOf(frame), '');
});

test('wrong frames are refused', () => {
  const connect = { protocol: { min: 1, max: 1 }, role: 'backend', auth: { token: 't' }, name: 'world', instance: 'i' };
  assert.equal(problemsOf(request('connect', connect)), '');
  const wrong = [
    {}, [], { type: 'req', method: 'heartbeat' }, request('heartbeat', []), { type: 'req', id: 'r1', method: 'connect' },
    request('connect', { ...connect, role: 'player' }), request('connect', { ...connect, instance: 'a b' }),
    request('connect', { ...connect, instance: 'i'.repeat(65) }), request('connect', { ...connect, auth: {} }),
    request('connect', { ...connect, capabilities: { welcome: 'w'.repeat(4097) } }),
    { type: 'res', id: '1', ok: true }, { type: 'res', id: '1', ok: false, error: { code: 'NOPE', message: '' } },
    event('bad name', {}), { type: 'event', event: 'session.entered' },
    event('session.reconnected', { session: 's', user, character }),
    event('session.reconnected', { session: 's', user, character, state: 'playing', rooms: [], cause: 'restored' }),
    event('session.closed', { session: 's', reason: 'boredom' }),
    event('command', { session: 's', text: 'look' }), event('command', { session: 's', seq: 0, text: 'look' }),
    event('link.ack', { session: 's' }), event('command.ack', { session: 's', seq: -1 }),
    output({ type: 'text' }), output({ type: 'picture', text: 'x' }), output({ type: 'text', text: 'x' }, { delivery: 'maybe' }),
    output({ type: 'text', text: 'x' }, { delivery: 'latest:' }), output({ type: 'formattedText', text: 'x' }),
    output({ type: 'formattedText', text: 'x', spans: [{ start: 0, len: 0 }] }),
    output({ type: 'formattedText', text: 'x', spans: [{ start: 0, len: 1, fg: 'red' }] }),
    output({ type: 'structured', outputType: 'session.mine', data: {} }), output({ type: 'structured', outputType: 'prompt', data: {} }),
    { ...output({ type: 'text', text: 'x' }), n: 0 }, { ...output({ type: 'text', text: 'x' }), n: 1.5 },
    event('entity.changed', { session: 's', updateType: 'mood', data: {} }),
    event('room.join', { session: 's', room: '' }), event('room.join', { session: 's', room: 'r'.repeat(65) }),
    event('broadcast', {}), event('broadcast', { event: 'link.mine', payload: {} }), event('broadcast', { event: 'tick', payload: {} }),
    request('characters.list', { user: 'u'.repeat(129) }),
  ];
  for (const frame of wrong) assert.notEqual(problemsOf(frame), '', JSON.stringify(frame));
});

test('answers are what the page says', () => {
  assert.equal(problemsOf({ user: { id: 'u', name: 'anna' } }, 'answer.authenticate'), '');
  assert.notEqual(problemsOf({ user: { name: 'anna' } }, 'answer.authenticate'), '');
  assert.notEqual(problemsOf({ characters: [{ id: 'c' }] }, 'answer.characters.list'), '');
  const session = {
    id: 's', state: 'playing', user: { id: 'u', name: 'anna', guest: false, plain: false },
    character: { id: 'c', name: 'Anna' }, rooms: ['hall'], connections: 1, protocol: 'websocket',
  };
  assert.equal(problemsOf({ session }, 'answer.session.get'), '');
  assert.notEqual(problemsOf({ session: { ...session, rooms: 'hall' } }, 'answer.session.get'), '');
  assert.notEqual(problemsOf({ session: { ...session, connections: [] } }, 'answer.session.get'), '');
  assert.notEqual(problemsOf({ session: { ...session, protocol: 1 } }, 'answer.session.get'), '');
});

test('unknown members, events and methods are accepted: peers ignore them', () => {
  for (const frame of [
    request('future.method', { a: 1 }, { extra: true }), event('session.weather', { sky: 'grey' }),
    event('command.ack', { session: 's', seq: 4, extra: 1 }),
  ]) assert.equal(problemsOf(frame), '');
});
