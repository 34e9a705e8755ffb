// The play client's parts that need no browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { colorOf, contrast, legible, runsOf } from '../../../host/web/markup.js';
import { afterClose, backoffMs, isAbove } from '../../../host/web/protocol.js';
import { EventStreamParser } from '../../../host/web/sse_link.js';

const joined = (runs) => runs.map((run) => run.text).join('');

test('runsOf: the runs together are the text, whatever the spans say', () => {
  const text = 'aä€🐉z';
  const bytes = new TextEncoder().encode(text).length;
  for (let start = 0; start <= bytes + 2; start += 1) {
    for (let len = 0; len <= bytes + 2; len += 1) assert.equal(joined(runsOf(text, [{ start, len, fg: 1 }])), text);
  }
});

test('runsOf: offsets count UTF-8 bytes', () => {
  const runs = runsOf('ä€🐉z', [{ start: 2, len: 3, attrs: 1 }, { start: 5, len: 4, attrs: 2 }]);
  assert.deepEqual(runs.map((run) => [run.text, run.attrs]), [['ä', undefined], ['€', 1], ['🐉', 2], ['z', undefined]]);
});

test('runsOf: overlapping spans do not double text', () => {
  assert.equal(joined(runsOf('abcdef', [{ start: 0, len: 4 }, { start: 2, len: 4 }])), 'abcdef');
});

test('colorOf: default, theme colour, cube, grey and true colour', () => {
  assert.equal(colorOf(0), null);
  assert.deepEqual(colorOf(0x01000009), { index: 9 });
  assert.deepEqual(colorOf(0x01000000 | 16), { rgb: [0, 0, 0] });
  assert.deepEqual(colorOf(0x01000000 | 231), { rgb: [255, 255, 255] });
  assert.deepEqual(colorOf(0x01000000 | 208), { rgb: [255, 135, 0] });
  assert.deepEqual(colorOf(0x01000000 | 244), { rgb: [128, 128, 128] });
  assert.deepEqual(colorOf(0x02102030), { rgb: [16, 32, 48] });
});

test('legible: every colour of the palette can be read on either paper', () => {
  for (const paper of [[251, 250, 247], [21, 23, 28]]) {
    for (let n = 16; n < 256; n += 1) {
      assert.ok(contrast(legible(colorOf(0x01000000 | n).rgb, paper), paper) >= 4.5, `palette ${n} on ${paper}`);
    }
  }
});

test('isAbove: epoch first, then seq', () => {
  assert.ok(isAbove({ epoch: 2, seq: 1 }, { epoch: 1, seq: 99 }));
  assert.ok(isAbove({ epoch: 1, seq: 3 }, { epoch: 1, seq: 2 }));
  assert.ok(!isAbove({ epoch: 1, seq: 2 }, { epoch: 1, seq: 2 }));
  assert.ok(!isAbove({ epoch: 1, seq: 99 }, { epoch: 2, seq: 1 }));
});

test('afterClose: what comes back by itself and what does not', () => {
  for (const code of [1001, 1005, 1006, 1011, 1012, 4002]) assert.equal(afterClose(code), 'resume', String(code));
  for (const code of [4000, 4003, 1008, 1009]) assert.equal(afterClose(code), 'ask', String(code));
  for (const code of [1000, 4001]) assert.equal(afterClose(code), 'login', String(code));
  assert.equal(afterClose(4004), 'later');
  assert.equal(afterClose(1001, false), 'ask', 'the event closed said: do not come back by yourself');
});

test('backoffMs: grows to 15 s and is never the same for all', () => {
  for (let tries = 0; tries < 100; tries += 1) {
    const ceiling = Math.min(15_000, 500 * 2 ** tries);
    const waits = Array.from({ length: 20 }, () => backoffMs(tries));
    assert.ok(waits.every((ms) => ms >= ceiling / 2 && ms <= ceiling));
    assert.ok(new Set(waits).size > 1);
  }
});

test('EventStreamParser: same events at every split, with LF, CR and CR LF', () => {
  for (const newline of ['\n', '\r', '\r\n']) {
    const stream = ['retry: 10', ': comment', '', 'id: 1.2', 'event: output', 'data: {"a":1}', '', 'event: tick',
      'data: x', 'data:y', '', 'data: no name', '', 'event: no data', '', ''].join(newline);
    const wanted = [['output', '{"a":1}', '1.2'], ['tick', 'x\ny', ''], ['', 'no name', '']];
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const seen = [];
      const parser = new EventStreamParser((...event) => seen.push(event));
      parser.push(stream.slice(0, cut));
      parser.push(stream.slice(cut));
      parser.push(newline === '\r' ? ':\r' : '');  // a last CR waits for what may follow it
      assert.deepEqual(seen, wanted, `${JSON.stringify(newline)} cut at ${cut}`);
    }
  }
});
