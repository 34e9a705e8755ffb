// The schema accepts what the protocol's page shows and refuses what it forbids.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { partsOf, problemsOf } from './schema.mjs';

const PAGE = readFileSync(new URL('../../../docs/protocol/gateway-v1.md', import.meta.url), 'utf8');

test('every example frame of the page is valid', () => {
  const examples = PAGE.match(/^\{"type".*\}$/gm);
  assert.ok(examples.length >= 4);
  for (const example of examples) assert.equal(problemsOf(JSON.parse(example)), '');
});

test('the page names every method and event of the schema', () => {
  for (const prefix of ['params.', 'event.']) {
    for (const part of partsOf(prefix)) {
      const name = part.slice(prefix.length);
      assert.ok(PAGE.includes(`\`${name}\``) || PAGE.includes(`## ${name}`), `${name} is not on the page`);
    }
  }
});

const session = { id: 's', epoch: 1, state: 'authenticating', resumed: false, lastClientSeq: 0, accessToken: 'a'.repeat(43) };

test('wrong frames are refused', () => {
  const wrong = [
    {}, [], { type: 'req', method: 'ping' }, { type: 'req', id: '1', method: 'ping', params: [] },
    { type: 'req', id: '1', method: 'command', params: {} },
    { type: 'req', id: '1', method: 'command', params: { text: 'x', clientSeq: 0 } },
    { type: 'req', id: '1', method: 'connect', params: { resume: { token: 't' } } },
    { type: 'res', id: '1', ok: true }, { type: 'res', id: '1', ok: false, error: { code: 'NOPE', message: '' } },
    { type: 'event', event: 'bad name', payload: {} }, { type: 'event', event: 'output', payload: { kind: 'text' } },
    { type: 'event', event: 'tick', payload: {}, epoch: 3 }, { type: 'event', event: 'output', seq: 0, payload: { kind: 'text', text: '' } },
    { type: 'event', event: 'session', payload: { ...session, state: 'playing' } },
    { type: 'event', event: 'session', payload: { ...session, reconnectToken: 'r'.repeat(43) } },
  ];
  for (const frame of wrong) assert.notEqual(problemsOf(frame), '', JSON.stringify(frame));
});

test('unknown members, events and methods are accepted: peers ignore them', () => {
  for (const frame of [
    { type: 'req', id: 1, method: 'future.method', params: { a: 1 }, extra: true },
    { type: 'event', event: 'Room.Weather', payload: { sky: 'grey' } },
    { type: 'event', event: 'session', payload: { ...session, extra: 1 } },
  ]) assert.equal(problemsOf(frame), '');
});
