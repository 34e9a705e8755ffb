// The backend link for Node. README.md says how to begin.
export { Link } from './lib/link.js';
export { OutboxFull } from './lib/outbox_full.js';
export { Refusal } from './lib/refusal.js';
export * as output from './lib/output.js';
