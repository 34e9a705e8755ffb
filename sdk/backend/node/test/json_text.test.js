import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AROUND_FRAME, AROUND_PAYLOAD, jsonText } from '../lib/json_text.js';

const nested = (levels) => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
const sent = (text) => JSON.parse(jsonText(text, AROUND_PAYLOAD));

test('half of a character becomes a replacement character, and whole ones stay', () => {
  assert.equal(sent('\ud83d'), '\ufffd');
  assert.equal(sent('a\ude00\ud83db'), 'a\ufffd\ufffdb');
  assert.equal(sent('\ud83d\ude00 \ud83d'), '\ud83d\ude00 \ufffd');
  assert.deepEqual(sent({ '\udfff': ['\udbff'] }), { '\ufffd': ['\ufffd'] });
  assert.ok(!/\\u/.test(jsonText('\ud800\udfff\udc00', AROUND_PAYLOAD)));
});

test('what only looks like half of a character stays', () => {
  for (const text of ['\\ud83d', '\\\\ud83d', '\\"\\ud83d', '\\u00e9\\udead', 'ud83d', '\u0001\\udead']) assert.equal(sent(text), text);
  assert.equal(sent('\\\ud83d\\ud83d'), '\\\ufffd\\ud83d');
});

test('a message has at most 64 levels', () => {
  assert.equal(jsonText(nested(63), AROUND_FRAME).length, 126);
  assert.throws(() => jsonText(nested(64), AROUND_FRAME), RangeError);
  assert.equal(jsonText(nested(62), AROUND_PAYLOAD).length, 124);
  assert.throws(() => jsonText(nested(63), AROUND_PAYLOAD), { name: 'RangeError', message: /deeper than 62 levels/ });
});

test('brackets in strings, and side by side, are no levels', () => {
  const texts = ['['.repeat(100), '"{'.repeat(100), `\\"${'['.repeat(100)}`];
  for (const text of texts) assert.equal(sent(text), text);
  assert.equal(sent(Array(1000).fill({ a: [] })).length, 1000);
});
