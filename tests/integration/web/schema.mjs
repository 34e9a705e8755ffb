// Is a frame what docs/protocol/gateway-v1.schema.json says?

import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

const FILE = new URL('../../../docs/protocol/gateway-v1.schema.json', import.meta.url);
const schema = JSON.parse(readFileSync(FILE, 'utf8'));
const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true });
ajv.addSchema(schema, 'gateway.v1');

/** The problems, as text; empty if the value is valid. part: a name in $defs, or '' for a whole message. */
export function problemsOf(value, part = '') {
  const validate = ajv.getSchema(part ? `gateway.v1#/$defs/${part}` : 'gateway.v1');
  if (!validate) throw new Error(`the schema has no ${part}`);
  return validate(value) ? '' : `${ajv.errorsText(validate.errors)}\n  in ${JSON.stringify(value)}`;
}

export const partsOf = (prefix) => Object.keys(schema.$defs).filter((name) => name.startsWith(prefix));
