// The play client: puts the parts together. See session_client.js for what happens on the wire.

import { LineInput } from './line_input.js';
import { LoginView } from './login_view.js';
import { Memory, holdDevice } from './memory.js';
import { Preferences } from './preferences.js';
import { Scrollback } from './scrollback.js';
import { SessionClient } from './session_client.js';

const $ = (id) => document.getElementById(id);

class App {
  constructor(memory, preferences) {
    this.memory = memory;
    this.scrollback = new Scrollback({ log: $('log'), more: $('more'), onSend: (text) => this.input.put(text) });
    this.client = new SessionClient({ memory, view: this, base: document.baseURI, transport: preferences.transport });
    this.input = new LineInput({
      form: $('line'), field: $('command'), prompt: $('prompt'), history: memory.history,
      onHistory: (history) => memory.saveHistory(history), onLine: (line, isSecret) => this.#send(line, isSecret),
    });
    this.login = new LoginView({
      root: $('login'), client: this.client, onCharacter: (name) => { memory.client.character = name; },
    });
    this.onWire = new Map();  // command mark → its line on screen
    this.missed = 0;
    preferences.onTransport = (transport) => this.client.use(transport);
    $('logout').addEventListener('click', () => this.client.logout());
    $('banner-button').addEventListener('click', () => this.bannerAction?.());
    this.#wakeOnReturn();
  }

  start() {
    if (!this.client.hasToken) {
      this.login.show();
      return;
    }
    this.scrollback.setQuiet(true);
    this.scrollback.restore(this.memory.lines);
    this.#showGame();
    this.client.resume();
  }

  #wakeOnReturn() {
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.client.wake();
      else this.client.store();
    });
    addEventListener('online', () => this.client.wake());
    addEventListener('pageshow', (event) => event.persisted && this.client.wake());
    addEventListener('pagehide', () => this.client.hasToken && this.client.store());
  }

  #showGame() {
    this.login.hide();
    $('game').hidden = false;
    $('who').textContent = this.memory.client.character;
    $('logout').hidden = false;
    this.scrollback.toEnd();
    if (matchMedia('(hover: hover)').matches) $('command').focus();
  }

  #send(line, isSecret) {
    if (isSecret) {
      try {
        this.client.commands.addSecret(line).catch(() => this.#note('That answer was not sent. Please type it again.'));
      } catch {
        this.#note('Not connected: that answer was not sent. Please type it again later.');
      }
      return true;
    }
    const mark = this.client.commands.add(line);
    if (mark === 0) {
      this.#note('Too many lines are waiting to be sent. Wait for the connection.');
      return false;
    }
    const element = this.scrollback.add(line, { kind: 'own', isStored: true });
    element.classList.add('waiting');
    this.onWire.set(mark, element);
    this.scrollback.toEnd();
    return true;
  }

  #note(text, isStored = false) { this.scrollback.add(text, { kind: 'note', isStored }); }

  // ---- what the client tells --------------------------------------------------------------------

  screen() { return this.scrollback.stored; }

  onCommand(mark, outcome) {
    const element = this.onWire.get(mark);
    this.onWire.delete(mark);
    element?.classList.remove('waiting');
    if (!outcome.error) return;
    element?.classList.add('failed');
    this.#note(`Not sent: ${outcome.error}`);
  }

  onState(state, session) {
    if (state !== 'playing') return;
    if (session.character?.name) this.memory.client.character = session.character.name;
    this.memory.save();
    this.#showGame();
  }

  onEvent(frame, isReplay) {
    const payload = frame.payload ?? {};
    const hasSeq = frame.seq !== undefined;
    if (frame.event === 'gap' || frame.event === 'shutdown') {
      this.#structured(frame.event, payload);
    } else if (payload.kind === 'prompt') {
      this.input.setPrompt(payload.text, payload.echo === false);
    } else if (payload.kind === 'text') {
      if (payload.outputType === 'terminal' && !payload.text) return;  // a picture for terminals alone
      if (isReplay && hasSeq) this.missed += 1;
      for (const line of splitLines(payload.text ?? '', payload.spans)) {
        this.scrollback.add(line.text, { spans: line.spans, isStored: hasSeq });
      }
    } else {
      this.#structured(frame.event, payload);
    }
  }

  #structured(name, payload) {
    switch (name) {
      // Positions may have holes, so how many lines were lost is not known.
      case 'gap':
        this.#note(payload.reason === 'hostCrash'
          ? 'The gateway restarted unexpectedly: some lines may be missing here.'
          : 'Some lines from while you were away could not be kept.', true);
        break;
      case 'shutdown':
        this.#note(payload.text || 'The gateway is restarting. You will be reconnected.');
        break;
      case 'session.replaced':
        this.#note('You went on playing somewhere else.');
        break;
      default:
    }
  }

  /** A replay is not read out line by line; one sentence says that there was one. */
  onReplay(isReplay) {
    this.scrollback.setQuiet(isReplay);
    if (isReplay) {
      this.missed = 0;
    } else if (this.missed > 0) {
      $('status-text').textContent = `Connected · ${this.missed} line${this.missed === 1 ? '' : 's'} missed`;
    }
  }

  onStatus({ status, ms, notice }) {
    $('status').dataset.status = status;
    const words = {
      open: 'Connected', connecting: 'Connecting…', ask: 'Not connected', over: 'Welcome',
      waiting: ms >= 1500 ? `Lost. Trying again in ${Math.round(ms / 1000)} s` : 'Lost. Trying again…',
    };
    $('status-text').textContent = words[status];
    if (status === 'ask') this.#banner(notice[0], notice[1], () => this.client.resume());
    else if (status === 'waiting' && ms >= 1500) this.#banner('The connection was lost.', 'Try now', () => this.client.resume());
    else if (status !== 'connecting') this.#banner('');
  }

  #banner(text, label = '', action = null) {
    $('banner').hidden = text === '';
    $('banner-text').textContent = text;
    $('banner-button').textContent = label;
    this.bannerAction = action;
  }

  onOver(sentence) {
    this.onWire.clear();
    this.scrollback.clear();
    this.input.setPrompt('', false);
    this.#banner('');
    $('game').hidden = true;
    $('logout').hidden = true;
    $('who').textContent = '';
    this.login.show(sentence);
  }
}

/** One element a line: screen readers and the bound of the scroll-back count lines. */
function splitLines(text, spans = []) {
  if (!text.includes('\n')) return [{ text, spans }];
  const encoder = new TextEncoder();
  let start = 0;
  return text.split('\n').map((line) => {
    const end = start + encoder.encode(line).length;
    const mine = spans
      .filter((span) => span.start < end && span.start + span.len > start)
      .map((span) => {
        const from = Math.max(span.start, start);
        return { ...span, start: from - start, len: Math.min(span.start + span.len, end) - from };
      });
    start = end + 1;
    return { text: line, spans: mine };
  });
}

const memory = new Memory();
const preferences = new Preferences();
if (!(await holdDevice(memory.client.deviceId))) {
  memory.becomeAnother();
  await holdDevice(memory.client.deviceId);
}
memory.save();
$('logout').hidden = true;
new App(memory, preferences).start();
