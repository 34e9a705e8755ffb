// What the play client promises, in a real browser against a gateway with faults on demand.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test as nodeTest } from 'node:test';
import { launch, lines, logIn, openTab, type, until, waitConnected, waitLine } from './browser.mjs';
import { FakeGateway } from './fake_gateway.mjs';
import { problemsOf } from './schema.mjs';

const test = (name, body) => nodeTest(name, { timeout: 90_000 }, body);
let browser;
let gateway;
let page;

before(async () => { browser = await launch(); });
after(() => browser.close());
beforeEach(async () => {
  gateway = new FakeGateway();
  await gateway.listen();
});
afterEach(async () => {
  for (const frame of [...gateway.requests, ...gateway.sent]) assert.equal(problemsOf(frame), '');
  assert.deepEqual(page?.complaints ?? [], [], 'the browser complained');
  await page?.context().close();
  page = null;
  await gateway.stop();
});

const open = async (transport = 'ws', options = {}) => {
  page = await openTab(browser, `${gateway.url}?transport=${transport}`, options);
  return page;
};

const numbered = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`);
const sayNumbered = (from, to) => numbered(from, to).forEach((text) => gateway.say(text));
const onlyNumbered = async () => (await lines(page)).filter((text) => text.startsWith('line '));

// ---- the way in ---------------------------------------------------------------------------------

test('opens no connection before there is something to say', async () => {
  await open();
  await page.waitForSelector('#credentials');
  assert.equal(gateway.connects, 0);
});

test('a wrong password is answered in words and may be tried again', async () => {
  await open();
  await page.fill('#user-name', 'anna');
  await page.fill('#password', 'wrong');
  await page.click('#enter');
  await page.waitForSelector('#login-error:has-text("do not go together")');
  await logIn(page);
  assert.equal(gateway.connects, 1);
});

test('registers, creates a character and plays', async () => {
  await open();
  await page.click('#swap');
  await page.fill('#user-name', 'bertram');
  await page.fill('#password', 'a long password');
  await page.fill('#repeat', 'a long passwort');
  await page.click('#enter');
  await page.waitForSelector('#login-error:has-text("not the same")');
  await page.fill('#repeat', 'a long password');
  await page.click('#enter');
  await page.fill('#character-name', 'Brand');
  await page.click('#create-character button');
  await waitLine(page, 'Welcome, Brand.');
  assert.equal(await page.textContent('#who'), 'Brand');
});

for (const transport of ['ws', 'sse', 'both']) {
  test(`${transport}: a command is executed once and its output shown once`, async () => {
    await open(transport);
    await logIn(page);
    await type(page, 'hello');
    await waitLine(page, 'You say: hello');
    assert.deepEqual(gateway.session.executed, ['hello']);
    assert.deepEqual(await lines(page), ['Welcome, Aldis.', 'You say: hello']);
  });

  test(`${transport}: ten cuts lose and double no line`, async () => {
    await open(transport);
    await logIn(page);
    let next = 1;
    for (let round = 0; round < 10; round += 1) {
      sayNumbered(next, next + 4);
      next += 5;
      const { connects } = gateway;
      gateway.cut();
      sayNumbered(next, next + 4);
      next += 5;
      await until(() => gateway.connects > connects, 'the client resumed');
      await waitConnected(page);
    }
    await waitLine(page, `line ${next - 1}`);
    assert.deepEqual(await onlyNumbered(), numbered(1, next - 1));
  });

  test(`${transport}: commands typed while the gateway is away are sent once it is back`, async () => {
    await open(transport);
    await logIn(page);
    gateway.down();
    await page.waitForSelector('#status[data-status="waiting"]');
    await type(page, 'one');
    await type(page, 'two');
    gateway.up();
    await waitLine(page, 'You say: two');
    assert.deepEqual(gateway.session.executed, ['one', 'two']);
    assert.equal(await page.$$eval('.own.waiting', (all) => all.length), 0);
  });
}

// ---- exactly once --------------------------------------------------------------------------------

test('an answer lost on its way does not execute the command twice', async () => {
  await open();
  await logIn(page);
  gateway.loseCommandAnswer = true;
  await type(page, 'open the gate');
  await type(page, 'walk');
  await waitLine(page, 'You say: walk');
  assert.deepEqual(gateway.session.executed, ['open the gate', 'walk']);
  assert.deepEqual((await lines(page)).slice(1), ['You say: open the gate', 'You say: walk']);
});

test('a hello-ok lost on its way does not lock the player out', async () => {
  await open();
  await logIn(page);
  gateway.loseHello = true;
  gateway.cut();
  gateway.say('while away');
  await waitLine(page, 'while away');
  const attempts = gateway.requests.filter((one) => one.params?.resume).map((one) => one.params.resume.attempt);
  assert.equal(attempts.length, 2);
  assert.equal(attempts[0], attempts[1], 'the attempt is kept until hello-ok is in hand');
});

test('a rate-limited command waits and is sent again, the next one behind it', async () => {
  await open();
  await logIn(page);
  let refusals = 1;
  gateway.faults.command = (connection, frame) => {
    if (refusals-- <= 0) return false;
    connection.send({ type: 'res', id: frame.id, ok: false, error: { code: 'RATE_LIMITED', message: 'slow down', retryAfterMs: 150 } });
    return true;
  };
  await type(page, 'first');
  await type(page, 'second');
  await waitLine(page, 'You say: second');
  assert.deepEqual(gateway.session.executed, ['first', 'second']);
});

test('sse: an access token that is not known any more leads to a resume, not to a lost command', async () => {
  await open('sse');
  await logIn(page);
  gateway.accesses.clear();
  await type(page, 'still mine');
  await waitLine(page, 'You say: still mine');
  assert.deepEqual(gateway.session.executed, ['still mine']);
});

test('a shutdown is announced, and the client waits for the restart that was promised', async () => {
  await open();
  await logIn(page);
  gateway.session.emit('shutdown', { kind: 'text', text: 'Back soon.', reason: 'shutdown', restartExpectedMs: 2000 }, { must: false });
  await waitLine(page, 'Back soon.');
  const { connects } = gateway;
  const closedAt = Date.now();
  gateway.closeAll(1001);
  await until(() => gateway.connects > connects, 'it came back');
  assert.ok(Date.now() - closedAt >= 2000);
});

test('a refused command is reported and the following ones still go', async () => {
  await open();
  await logIn(page);
  gateway.faults.command = (connection, frame) => {
    if (frame.params.text !== 'bad') return false;
    connection.send({ type: 'res', id: frame.id, ok: false, error: { code: 'INVALID_REQUEST', message: 'no such thing' } });
    return true;
  };
  await type(page, 'bad');
  await type(page, 'good');
  await waitLine(page, 'Not sent: no such thing');
  await waitLine(page, 'You say: good');
});

test('a connection that the gateway does not know any more is left, and the command sent on the next', async () => {
  await open();
  await logIn(page);
  let refusals = 1;
  gateway.faults.command = (connection, frame) => {
    if (refusals-- <= 0) return false;
    connection.send({ type: 'res', id: frame.id, ok: false, error: { code: 'NOT_CONNECTED', message: 'connect first' } });
    return true;
  };
  const { connects } = gateway;
  await type(page, 'hello');
  await waitLine(page, 'You say: hello');
  assert.ok(gateway.connects > connects, 'the client connected anew');
  assert.deepEqual(gateway.session.executed, ['hello']);
});

test('after a crash that lowered the count, waiting commands are renumbered', async () => {
  await open();
  await logIn(page);
  await type(page, 'before');
  await waitLine(page, 'You say: before');
  gateway.down();
  await page.waitForSelector('#status[data-status="waiting"]');
  await type(page, 'after');
  gateway.crash();
  gateway.session.lastClientSeq.clear();
  gateway.up();
  await waitLine(page, 'You say: after');
  assert.deepEqual(gateway.session.executed, ['before', 'after']);
});

test('a new epoch starts counting again without losing a line', async () => {
  await open();
  await logIn(page);
  sayNumbered(1, 9);
  await waitLine(page, 'line 9');
  gateway.crash();
  sayNumbered(10, 12);
  await waitLine(page, 'line 12');
  assert.deepEqual(await onlyNumbered(), numbered(1, 12));
});

test('an event that comes twice is shown once', async () => {
  await open();
  await logIn(page);
  gateway.say('only once');
  const last = gateway.session.log.at(-1);
  for (const connection of gateway.session.connections) connection.send(last);
  gateway.say('then this');
  await waitLine(page, 'then this');
  assert.deepEqual(await lines(page), ['Welcome, Aldis.', 'only once', 'then this']);
});

test('both: a broadcast without a position is shown once, from whichever stream it came', async () => {
  await open('both');
  await logIn(page);
  await until(() => [...gateway.session.connections].some((one) => one.kind === 'attached'), 'EventSource attached');
  const drop = (text, stateVersion) => gateway.session.emit('output', { kind: 'text', text }, { must: false, stateVersion });
  drop('Bertram arrives.', 7);
  gateway.say('a line with a position');
  drop('Bertram leaves.', 8);
  gateway.say('the last one');
  await until(() => gateway.session.acked.seq === gateway.session.seq, 'all came by both');
  // Two streams have no common order for what has no position; each line is there once all the same.
  await waitLine(page, 'Bertram leaves.');
  assert.deepEqual((await lines(page)).slice(1).sort(),
    ['Bertram arrives.', 'Bertram leaves.', 'a line with a position', 'the last one']);
});

test('a restarted gateway counts its broadcasts anew, and they are shown', async () => {
  await open();
  await logIn(page);
  const drop = (text, stateVersion) => gateway.session.emit('output', { kind: 'text', text }, { must: false, stateVersion });
  drop('before', 100);
  await waitLine(page, 'before');
  gateway.crash();
  await until(() => gateway.session.connections.size === 1, 'it came back');
  await waitConnected(page);
  drop('after', 1);
  await waitLine(page, 'after');
});

test('both: while the socket is away, lines still come and commands still go', async () => {
  await open('both');
  await logIn(page);
  await until(() => [...gateway.session.connections].some((one) => one.kind === 'attached'), 'EventSource attached');
  gateway.faults.connect = (connection) => {
    connection.destroy();
    return true;
  };
  for (const connection of gateway.session.connections) if (connection.kind === 'ws') connection.destroy();
  await page.waitForSelector('#status[data-status="waiting"]');
  await type(page, 'still here');
  await waitLine(page, 'You say: still here');
  gateway.faults = {};
  await waitConnected(page);
  await type(page, 'back again');
  await waitLine(page, 'You say: back again');
  assert.deepEqual(gateway.session.executed, ['still here', 'back again']);
});

// ---- acknowledging, reloading ---------------------------------------------------------------------

test('acknowledges what it has shown', async () => {
  await open();
  await logIn(page);
  sayNumbered(1, 25);
  await until(() => gateway.session.acked.seq === gateway.session.seq, 'all was acknowledged');
});

test('a reload shows the same lines and goes on below them', async () => {
  await open();
  await logIn(page);
  sayNumbered(1, 5);
  await waitLine(page, 'line 5');
  await page.reload();
  await waitConnected(page);
  sayNumbered(6, 8);
  await waitLine(page, 'line 8');
  assert.deepEqual(await onlyNumbered(), numbered(1, 8));
});

test('a duplicated tab is another client and disturbs nobody', async () => {
  await open();
  await logIn(page);
  const { connects } = gateway;
  const stored = await page.evaluate(() => JSON.stringify(sessionStorage));
  const twin = await page.context().newPage();
  await twin.addInitScript((all) => {
    for (const [key, value] of Object.entries(JSON.parse(all))) sessionStorage.setItem(key, value);
  }, stored);
  await twin.goto(gateway.url);
  await twin.waitForSelector('#credentials:visible');
  assert.equal(gateway.connects, connects);
  const device = (tab) => tab.evaluate(() => JSON.parse(sessionStorage.getItem('gatehouse.client')).deviceId);
  assert.notEqual(await device(twin), await device(page));
});

// ---- closes ---------------------------------------------------------------------------------------

for (const [code, label] of [[4000, 'Play here'], [4003, 'Continue'], [1008, 'Try again'], [1009, 'Continue']]) {
  test(`close ${code} waits for one button`, async () => {
    await open();
    await logIn(page);
    const { connects } = gateway;
    gateway.closeAll(code);
    await page.waitForSelector(`#banner-button:has-text("${label}")`);
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    assert.equal(gateway.connects, connects, 'it came back by itself');
    await page.click('#banner-button');
    await waitConnected(page);
    gateway.say('welcome back');
    await waitLine(page, 'welcome back');
  });
}

for (const code of [1001, 1012, 4002]) {
  test(`close ${code} resumes by itself`, async () => {
    await open();
    await logIn(page);
    gateway.closeAll(code);
    gateway.say('meanwhile');
    await waitLine(page, 'meanwhile');
  });
}

test('close 4004 comes back after the time that the gateway gave, not before', async () => {
  await open();
  await logIn(page);
  gateway.session.emit('closed', { code: 4004, retry: true, retryAfterMs: 1200 }, { must: false });
  const { connects } = gateway;
  const closedAt = Date.now();
  gateway.closeAll(4004);
  await until(() => gateway.connects > connects, 'it came back');
  assert.ok(Date.now() - closedAt >= 1200);
  await waitConnected(page);
});

test('close 4001 asks for a login and forgets the token', async () => {
  await open();
  await logIn(page);
  gateway.closeAll(4001);
  await page.waitForSelector('#credentials:visible');
  assert.equal(await page.evaluate(() => JSON.parse(sessionStorage.getItem('gatehouse.client')).reconnectToken), '');
});

test('sse: the closed event decides as a close code does', async () => {
  await open('sse');
  await logIn(page);
  // The login is over before the stream has come in: nobody could be told.
  await until(() => [...gateway.sessions.values()].some((session) => session.connections.size > 0), 'the stream is there');
  gateway.closeAll(4000);
  await page.waitForSelector('#banner-button:has-text("Play here")');
});

test('a session that is gone asks for a login', async () => {
  await open();
  await logIn(page);
  gateway.reconnects.clear();
  gateway.cut();
  await page.waitForSelector('#login-notice:has-text("could not be resumed")');
});

test('logging out forgets the session and its lines', async () => {
  await open();
  await logIn(page);
  await page.click('#menu-button');
  await page.click('#logout');
  await page.waitForSelector('#credentials:visible');
  assert.equal(gateway.session, undefined);
  await page.reload();
  await page.waitForSelector('#credentials:visible');
});

test('the menu changes the transport under a live session', async () => {
  await open('ws');
  await logIn(page);
  let spoken = 0;
  for (const [transport, kinds] of [['sse', ['sse']], ['both', ['attached', 'ws']], ['ws', ['ws']]]) {
    await page.click('#menu-button');
    await page.selectOption('#transport', transport);
    await page.keyboard.press('Escape');
    const now = () => [...gateway.session.connections].map((one) => one.kind).sort().join();
    await until(() => now() === kinds.join(), `connected by ${transport}`);
    await waitConnected(page);
    spoken += 1;
    await type(page, `words ${spoken}`);
    await waitLine(page, `You say: words ${spoken}`);
  }
  assert.deepEqual((await lines(page)).slice(1), ['You say: words 1', 'You say: words 2', 'You say: words 3']);
});

test('coming back online tries at once', async () => {
  await open();
  await logIn(page);
  gateway.down();
  await page.waitForSelector('#banner-button:has-text("Try now")');  // it waits for seconds by now
  const { connects } = gateway;
  gateway.up();
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await until(() => gateway.connects > connects, 'it tried', 1_000);
});

// ---- the screen -----------------------------------------------------------------------------------

test('spans count bytes, and become styles', async () => {
  await open();
  await logIn(page);
  gateway.say('Grüße 🐉 dragon', {
    spans: [
      { start: 0, len: 7, fg: 0x01000001, attrs: 1 },
      { start: 8, len: 4, bg: 0x020000ff },
      { start: 13, len: 6, attrs: 2 | 4 },
    ],
  });
  await waitLine(page, 'dragon');
  const runs = await page.$$eval('#log .line:last-child span', (all) => all.map((one) => [one.textContent, one.className]));
  assert.deepEqual(runs, [['Grüße', 'bold fg1'], ['🐉', 'bg-rgb'], ['dragon', 'italic underline']]);
});

test('markup from the wire stays text', async () => {
  await open();
  await logIn(page);
  gateway.say('<img src=x onerror=alert(1)><b>bold</b>', { spans: [{ start: 0, len: 4, link: 'javascript:alert(1)' }] });
  await waitLine(page, '<b>bold</b>');
  assert.equal(await page.$$eval('#log img, #log b, #log a', (all) => all.length), 0);
  gateway.sent = [];  // the schema forbids such a link, as it should
});

test('a picture for terminals is shown by its text, and without one not at all', async () => {
  await open();
  await logIn(page);
  gateway.say('', { outputType: 'terminal' });
  gateway.say('A menu.', { outputType: 'terminal' });
  await waitLine(page, 'A menu.');
  assert.deepEqual((await lines(page)).slice(1), ['A menu.']);
});

test('keeps 5,000 lines', async () => {
  await open();
  await logIn(page);
  gateway.say(Array.from({ length: 6_000 }, (_, index) => `row ${index}`).join('\n'));
  await waitLine(page, 'row 5999');
  assert.equal(await page.$$eval('#log .line', (all) => all.length), 5_000);
  assert.equal((await lines(page))[0], 'row 1000');
});

test('stays where the reader scrolled to, and says how much is new', async () => {
  await open();
  await logIn(page);
  sayNumbered(1, 100);
  await waitLine(page, 'line 100');
  await page.hover('#log');
  await page.mouse.wheel(0, -600);
  const fromEnd = () => page.$eval('#log', (log) => log.scrollHeight - log.scrollTop - log.clientHeight);
  await until(async () => (await fromEnd()) > 100, 'it has scrolled');
  const at = await page.$eval('#log', (log) => log.scrollTop);
  gateway.say('news');
  await page.waitForSelector('#more:has-text("1 new line")');
  assert.equal(await page.$eval('#log', (log) => log.scrollTop), at);
  await page.click('#more');
  await until(async () => (await fromEnd()) < 24, 'it is at the end again');
});

test('history: up and down walk through what was typed and keep the draft', async () => {
  await open();
  await logIn(page);
  await type(page, 'first');
  await type(page, 'second');
  await page.fill('#command', 'draft');
  await page.press('#command', 'ArrowUp');
  assert.equal(await page.inputValue('#command'), 'second');
  await page.press('#command', 'ArrowUp');
  assert.equal(await page.inputValue('#command'), 'first');
  await page.press('#command', 'ArrowDown');
  await page.press('#command', 'ArrowDown');
  assert.equal(await page.inputValue('#command'), 'draft');
  await page.reload();
  await waitConnected(page);
  await page.press('#command', 'ArrowUp');
  assert.equal(await page.inputValue('#command'), 'second', 'kept per tab');
});

test('a hidden answer is neither shown nor stored nor kept in the history', async () => {
  await open();
  await logIn(page);
  gateway.session.emit('prompt', { kind: 'prompt', text: 'New password:', echo: false }, { must: false });
  await page.waitForSelector('#command[type=password]');
  await type(page, 'hunter2 hunter2');
  await until(() => gateway.session.executed.length === 1, 'the answer arrived');
  const sent = gateway.requests.find((one) => one.method === 'command');
  assert.equal(sent.params.clientSeq, undefined);
  assert.ok(!(await page.evaluate(() => JSON.stringify(sessionStorage))).includes('"hunter2'));
  await page.press('#command', 'ArrowUp');
  assert.equal(await page.inputValue('#command'), '');
  assert.equal(await page.getAttribute('#command', 'type'), 'text');
});

test('a replay is not read out; one sentence says how many lines were missed', async () => {
  await open();
  await logIn(page);
  await page.evaluate(() => {
    window.readOut = [];
    const log = document.getElementById('log');
    new MutationObserver((records) => records.forEach((record) => record.addedNodes.forEach((node) => {
      if (log.getAttribute('aria-live') === 'polite') window.readOut.push(node.textContent);
    }))).observe(log, { childList: true });
  });
  gateway.down();
  await page.waitForSelector('#status[data-status="waiting"]');
  sayNumbered(1, 3);
  gateway.up();
  await page.waitForSelector('#status-text:has-text("3 lines missed")');
  gateway.say('live again');
  await waitLine(page, 'live again');
  assert.deepEqual(await page.evaluate(() => window.readOut), ['live again']);
});

test('lost lines are said, never silently missing', async () => {
  await open();
  await logIn(page);
  gateway.session.emit('gap', {
    kind: 'text', text: '(lost)', from: { epoch: 1, seq: 3 }, to: { epoch: 1, seq: 9 }, reason: 'trimmed',
  }, { must: false });
  await waitLine(page, 'Some lines from while you were away');
});

test('on a phone the page fits, the input is 16 px or more and nothing scrolls sideways', async () => {
  await open('ws', { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
  await logIn(page);
  gateway.say('a'.repeat(300));
  await waitLine(page, 'aaaa');
  assert.ok(await page.$eval('#command', (field) => parseFloat(getComputedStyle(field).fontSize)) >= 16);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  for (const [name, value] of [['autocorrect', 'off'], ['autocapitalize', 'none'], ['spellcheck', 'false']]) {
    assert.equal(await page.getAttribute('#command', name), value);
  }
});
