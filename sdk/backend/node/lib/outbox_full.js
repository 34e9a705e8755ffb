// A transaction of your own would have left more frames in the outbox than maxOutbox: nothing of it was kept or sent.
export class OutboxFull extends Error {
  constructor(stored, more, limit) {
    super(`the outbox is full: ${stored} frames wait for the gateway, ${more} more would be over maxOutbox (${limit})`);
  }
  get name() { return 'OutboxFull'; }
}
