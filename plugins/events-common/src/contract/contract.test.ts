import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Parser } from '@asyncapi/parser';
import { parse } from 'yaml';
import { findBreakingChanges } from './__testUtils__/findBreakingChanges';
import { eventsContract } from './document.generated';

const folder = join(__dirname, '../..');
const versions = join(folder, 'contract-versions');
const read = (path: string) => readFileSync(path, 'utf8');
const source = read(join(folder, 'asyncapi.yaml'));

/** Names of the same major version. */
const released = readdirSync(versions).filter(
  name => name.split('.')[0] === eventsContract.info.version.split('.')[0],
);

describe('the contract', () => {
  it('is a valid AsyncAPI document', async () => {
    const { document, diagnostics } = await new Parser().parse(source);
    const hint = 'asyncapi-latest-version';
    expect(diagnostics.filter(({ code }) => code !== hint)).toEqual([]);
    expect(document?.version()).toBe('3.0.0');
  });

  it('fits the types and the document that are made from it', () => {
    execFileSync(
      process.execPath,
      [join(folder, 'scripts/generateContract.mjs'), '--check'],
      { stdio: 'inherit' },
    );
  });

  it.each([
    [
      'catalogEntityChange',
      'backstage/catalog/entity',
      'CatalogEntityChangeEvent',
      'onCatalogEntityChange',
    ],
    [
      'catalogLocationChange',
      'backstage/catalog/location',
      'CatalogLocationChangeEvent',
      'onCatalogLocationChange',
    ],
    [
      'scaffolderTaskComplete',
      'backstage/scaffolder/task',
      'ScaffolderTaskEvent',
      'onScaffolderTaskComplete',
    ],
    [
      'techdocsBuild',
      'backstage/techdocs/build',
      'TechDocsBuildEvent',
      'onTechDocsBuild',
    ],
  ])(
    'has the channel %s at %s with %s, received by %s',
    (channel, address, message, operation) => {
      const { channels, operations } = eventsContract;
      expect(channels[channel]).toMatchObject({
        address,
        messages: {
          [`${channel}Message`]: { $ref: `#/components/messages/${message}` },
        },
      });
      expect(operations[operation]).toMatchObject({
        action: 'receive',
        channel: { $ref: `#/channels/${channel}` },
      });
    },
  );

  it('was released in this major version', () => {
    expect(released).not.toEqual([]);
  });

  it.each(released)('breaks nobody who knows %s', name => {
    const before = parse(read(join(versions, name)));
    expect(findBreakingChanges(before, parse(source))).toEqual([]);
  });
});

describe('comparing two versions of the contract', () => {
  const change = (from: string, to: string) => {
    expect(source).toContain(from);
    return findBreakingChanges(
      parse(source),
      parse(source.replace(from, () => to)),
    );
  };

  it.each([
    ['an address', 'backstage/techdocs/build', 'backstage/techdocs/builds'],
    [
      'a value that is new',
      '[created, updated, deleted]',
      '[created, updated, deleted, moved]',
    ],
    [
      'a value that is gone',
      '[created, updated, deleted]',
      '[created, updated]',
    ],
    [
      'a field that must be there',
      'required: [action, taskId]',
      'required: [action, taskId, createdBy]',
    ],
    [
      'a field that need not be there',
      'required: [action, taskId]',
      'required: [action]',
    ],
    [
      'another type',
      'taskId:\n          type: string',
      'taskId:\n          type: number',
    ],
    ['a field with another name', '        createdBy:', '        creator:'],
    ['an operation that is gone', 'onTechDocsBuild:', 'onBuild:'],
  ])('finds %s', (_, from, to) => {
    expect(change(from, to)).not.toEqual([]);
  });

  it.each([
    ['another minor version', 'version: 1.0.0', 'version: 1.1.0'],
    ['another description', 'What happened to which entity.', 'A change.'],
    [
      'a field that may be there',
      '        createdBy:\n',
      '        reason:\n          type: string\n        createdBy:\n',
    ],
  ])('passes over %s', (_, from, to) => {
    expect(change(from, to)).toEqual([]);
  });
});
