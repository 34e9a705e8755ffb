// One WebSocket connection that carries gateway.v1 frames both ways.

import { Lost } from './protocol.js';

export function wsUrl(base) {
  const url = new URL('ws', base);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url;
}

export class WsLink {
  /** onFrame(frame); onClose(code) once, also if it never opened (1006). */
  constructor({ url, onFrame, onClose }) {
    this.onFrame = onFrame;
    this.onClose = onClose;
    this.carriesEvents = true;
    this.socket = new WebSocket(url, ['gateway.v1']);
    this.opened = new Promise((resolve, reject) => {
      this.socket.onopen = resolve;
      this.socket.addEventListener('close', () => reject(new Lost('The gateway does not answer.')));
    });
    this.opened.catch(() => {});
    this.socket.onmessage = (message) => this.#receive(message.data);
    this.socket.onclose = (event) => this.#finish(event.code);
  }

  get isOpen() { return this.socket.readyState === WebSocket.OPEN; }

  send(frame) {
    if (!this.isOpen) throw new Lost('The connection is closed.');
    this.socket.send(JSON.stringify(frame));
  }

  /** Ends it from this side and reports `code` at once: a dead network would keep close() waiting. */
  close(code = 1006) {
    this.socket.onmessage = null;
    this.socket.onclose = null;
    this.socket.close(code === 1000 ? 1000 : 4900);
    this.#finish(code);
  }

  #receive(text) {
    let frames;
    try {
      frames = JSON.parse(text);
    } catch {
      return;
    }
    for (const frame of Array.isArray(frames) ? frames : [frames]) {
      if (frame && typeof frame === 'object') this.onFrame(frame);
    }
  }

  #finish(code) {
    const report = this.onClose;
    this.onClose = () => {};
    report(code);
  }
}
