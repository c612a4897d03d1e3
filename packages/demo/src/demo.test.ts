import { setTimeout as delay } from 'node:timers/promises';
import {
  ANNOTATION_SOURCE_LOCATION,
  RELATION_OWNED_BY,
  RELATION_PART_OF,
  type Entity,
} from '@backstage/catalog-model';
import { DemoProcess } from './__testUtils__/DemoProcess';

// The frontend may have to be built first.
jest.setTimeout(600_000);

let demo: DemoProcess;

beforeAll(async () => {
  demo = await DemoProcess.create();
  await demo.start();
});

afterAll(() => demo.dispose());

function readComponent(name: string): Promise<Entity> {
  return demo.get(`/api/catalog/entities/by-name/component/default/${name}`);
}

async function readDescription(name: string) {
  return (await readComponent(name)).metadata.description;
}

function isOfAcme({ metadata }: Entity): boolean {
  const source = metadata.annotations?.[ANNOTATION_SOURCE_LOCATION];
  return source?.startsWith(`url:${demo.githubUrl}/acme/`) ?? false;
}

/** Looks again until the catalog has all components of the organization. */
async function untilComplete(): Promise<void> {
  const endMs = performance.now() + 120_000;
  for (;;) {
    const components: Entity[] = await demo.get(
      '/api/catalog/entities?filter=kind=component',
    );
    const found = components.filter(isOfAcme);
    if (found.length === 49) {
      return;
    }
    if (performance.now() > endMs) {
      throw new Error(`The catalog has ${found.length} of 49 components`);
    }
    await delay(200);
  }
}

async function pushAndTime(...args: string[]): Promise<string> {
  const said = await demo.run('push', ...args);
  expect(said).toContain('the portal answered 202');
  expect(said).toMatch(/Event .* \(github\.push\): Delivered to 2 of 2/);
  const [shown] = said.match(/The catalog shows it after .* s/) ?? [];
  return `${args.join(' ')}: ${shown}`;
}

describe('the demo', () => {
  it('shows what a push has changed, and what a revert has taken back', async () => {
    await untilComplete();
    const before = await readDescription('payments-api');

    const times = [await pushAndTime('payments-api', 'Takes cards')];
    expect(await readDescription('payments-api')).toBe('Takes cards');

    times.push(await pushAndTime('--revert', 'payments-api'));
    expect(await readDescription('payments-api')).toBe(before);

    process.stdout.write(`${times.join('\n')}\n`);
  });

  it('has components that lead to their team, their system and a page of their source', async () => {
    await untilComplete();
    const { relations = [], metadata } = await readComponent('web-shop');
    const readTarget = (type: string) =>
      relations.find(relation => relation.type === type)?.targetRef ?? '';

    for (const type of [RELATION_OWNED_BY, RELATION_PART_OF]) {
      const [kind, name] = readTarget(type).split(':default/');
      await demo.get(`/api/catalog/entities/by-name/${kind}/default/${name}`);
    }
    const source = metadata.annotations?.[ANNOTATION_SOURCE_LOCATION];
    const page = await fetch(String(source).replace(/^url:/, ''));
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('catalog-info.yaml');
  });

  it('goes on where it was after it was killed', async () => {
    await untilComplete();
    await demo.run('push', 'ledger', 'Each payment, once');
    await demo.kill();
    await demo.start();

    expect(await readDescription('ledger')).toBe('Each payment, once');
    await pushAndTime('--revert', 'ledger');
    expect(await readDescription('ledger')).toBe(
      'The books: every payment, once',
    );
  });
});
