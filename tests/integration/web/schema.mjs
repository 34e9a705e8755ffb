// Is a frame what a schema of docs/protocol says?

import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

/** The schema docs/protocol/<name>.schema.json. */
export function schemaOf(name) {
  const file = new URL(`../../../docs/protocol/${name}.schema.json`, import.meta.url);
  const schema = JSON.parse(readFileSync(file, 'utf8'));
  const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true });
  ajv.addSchema(schema, name);
  return {
    /** The problems, as text; empty if the value is valid. part: a name in $defs, or '' for a whole message. */
    problemsOf(value, part = '') {
      const validate = ajv.getSchema(part ? `${name}#/$defs/${part}` : name);
      if (!validate) throw new Error(`the schema has no ${part}`);
      return validate(value) ? '' : `${ajv.errorsText(validate.errors)}\n  in ${JSON.stringify(value)}`;
    },
    partsOf: (prefix) => Object.keys(schema.$defs).filter((part) => part.startsWith(prefix)),
  };
}

export const { problemsOf, partsOf } = schemaOf('gateway-v1');
