// Makes the document and the types of the contract from asyncapi.yaml.
//
//   node scripts/generateContract.mjs           writes them
//   node scripts/generateContract.mjs --check   says what would change, and fails if anything would
import { readFile, writeFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';
import prettier from 'prettier';
import { parse } from 'yaml';

const folder = new URL('../', import.meta.url);
const source = await readFile(new URL('asyncapi.yaml', folder), 'utf8');
const document = parse(source);

const head =
  '// Made from asyncapi.yaml by `npm run generate`. Change that file, not this one.\n';

const files = {
  'src/contract/document.generated.ts': `${head}
import type { AsyncApiDocument } from './AsyncApiDocument';

/**
 * The contract as it is without what plugins of an instance add to it; what an instance serves has that too.
 *
 * @public
 */
export const eventsContract: AsyncApiDocument = ${JSON.stringify(document)};
`,
  'src/contract/messages.generated.ts': head + (await makeTypes()),
};

let changed = 0;
for (const [path, text] of Object.entries(files)) {
  const url = new URL(path, folder);
  const config = await prettier.resolveConfig(url.pathname);
  const wanted = prettier.format(text, { ...config, parser: 'typescript' });
  const present = await readFile(url, 'utf8').catch(() => '');
  if (wanted === present) {
    continue;
  }
  changed += 1;
  if (process.argv.includes('--check')) {
    process.stderr.write(
      `${path} does not fit asyncapi.yaml. Run \`npm run generate\` in plugins/events-common.\n`,
    );
  } else {
    await writeFile(url, wanted);
    process.stdout.write(`Wrote ${path}\n`);
  }
}
if (changed > 0 && process.argv.includes('--check')) {
  process.exitCode = 1;
}

/** One interface for each schema, under its name in the document. */
async function makeTypes() {
  const schemas = JSON.parse(
    JSON.stringify(document.components.schemas).replaceAll(
      '#/components/schemas/',
      '#/definitions/',
    ),
  );
  const definitions = Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      { ...schema, description: `${schema.description}\n\n@public` },
    ]),
  );
  // As the events service of Backstage has metadata.
  definitions.EventMetadata.additionalProperties = {
    tsType: 'string | string[] | undefined',
  };
  // The compiler wants one schema around all of them; nobody else does.
  const types = await compile(
    {
      type: 'object',
      properties: Object.fromEntries(
        Object.keys(schemas).map(name => [
          name,
          { $ref: `#/definitions/${name}` },
        ]),
      ),
      additionalProperties: false,
      definitions,
    },
    'Root',
    { bannerComment: '', format: false, unknownAny: true },
  );
  return `
import type { JsonValue } from '@backstage/types';

${types
  .replace(/export interface Root \{[^}]*\}\n/, '')
  .replaceAll('[k: string]: unknown', '[k: string]: JsonValue | undefined')}`;
}
