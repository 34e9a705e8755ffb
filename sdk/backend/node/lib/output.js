// The forms of output (docs/protocol/backend-link.md#what-the-backend-sends).
export const text = (text) => ({ type: 'text', text });
// spans: [{start, len, fg?, bg?, bold?, ...}]; start and len count bytes of UTF-8.
export const formatted = (text, spans) => ({ type: 'formattedText', text, spans });
export const structured = (outputType, data, text) => ({ type: 'structured', outputType, data, ...(text && { text }) });
export const room = ({ name, description, exits = [], entities = [], items = [] }) =>
  ({ type: 'roomDescription', name, description, exits, entities, items });
export const combat = ({ attacker, defender, action, damage, critical }) =>
  ({ type: 'combat', attacker, defender, action, ...(damage !== undefined && { damage }), ...(critical && { critical }) });
export const system = (text, level) => ({ type: 'system', text, ...(level && { level }) });
// bytes: a Buffer or Uint8Array for terminals, sent as it is (a BBS screen); needs the token's rawTerminal. text is for everybody else.
export const terminal = (bytes, text) => ({ type: 'terminal', data: Buffer.from(bytes).toString('base64'), ...(text && { text }) });
