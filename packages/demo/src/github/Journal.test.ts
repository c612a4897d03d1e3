import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from './Journal';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'callboard-journal-'));
  file = join(directory, 'github.jsonl');
});

afterEach(() => rmSync(directory, { recursive: true }));

const archive = {
  atMs: 1,
  operation: { kind: 'archive', repository: 'ledger' },
} as const;

describe('the journal of the demo', () => {
  it('has what was done, and of what the portal was told, when it is opened again', () => {
    const journal = new Journal(file);
    journal.markTold(journal.add(archive));
    journal.add({ ...archive, atMs: 2 });

    expect(new Journal(file).list()).toEqual([
      { entry: { number: 1, ...archive }, isTold: true },
      { entry: { number: 2, ...archive, atMs: 2 }, isTold: false },
    ]);
  });

  it('goes on after a line that a killed process has begun', () => {
    new Journal(file).add(archive);
    appendFileSync(file, '{"number":2,"atM');
    const journal = new Journal(file);

    expect(journal.list()).toHaveLength(1);
    journal.add(archive);
    expect(new Journal(file).list().map(({ entry }) => entry.number)).toEqual([
      1, 2,
    ]);
  });

  it('leaves a file alone that is something else', () => {
    writeFileSync(file, '{"my":"notes"}\n');

    expect(() => new Journal(file)).toThrow('remove it to begin afresh');
    expect(readFileSync(file, 'utf-8')).toBe('{"my":"notes"}\n');
  });
});
