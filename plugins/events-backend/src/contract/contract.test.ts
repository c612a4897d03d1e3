import { createBackendModule } from '@backstage/backend-plugin-api';
import { mockCredentials, mockServices } from '@backstage/backend-test-utils';
import {
  contractExtensionPoint,
  defineChannel,
  techdocsBuild,
} from '@callboard/backstage-plugin-events-node';
import { Parser } from '@asyncapi/parser';
import { parse } from 'yaml';
import { z } from 'zod';
import {
  createParticipant,
  createRecorder,
} from '../__testUtils__/createParticipant';
import { startPortal } from '../__testUtils__/startPortal';
import { createTestStores, type StoreId } from '../__testUtils__/stores';
import { Contract } from './Contract';

const stores = createTestStores();
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) {
    await stop();
  }
});

const policySchema = z.object({
  action: z.enum(['updated']),
  policy: z.string(),
});

/** What a plugin that keeps a permission policy would publish. */
const policyChange = defineChannel<z.infer<typeof policySchema>>({
  channel: 'permissionPolicyChange',
  address: 'backstage/permission/policy',
  message: 'PermissionPolicyChangeEvent',
  topic: 'permission',
  title: 'Changes of the permission policy',
  description: 'The policy was replaced, and decisions may differ from now on.',
  payload: z.toJSONSchema(policySchema, { target: 'draft-7' }),
});

const addPolicyChange = createBackendModule({
  pluginId: 'events',
  moduleId: 'permission-contract',
  register: env =>
    env.registerInit({
      deps: { contract: contractExtensionPoint },
      init: async ({ contract }) => contract.addChannel(policyChange),
    }),
});

const good = policyChange.event({
  eventPayload: { action: 'updated', policy: 'p' },
  source: 'permission',
});
const bad = {
  ...good,
  metadata: {},
  eventPayload: { action: 'updated', policy: 1 },
};

async function start(storeId: StoreId, validation?: string) {
  const recorder = createRecorder();
  const logger = mockServices.rootLogger.mock();
  logger.child.mockReturnValue(logger);
  const alpha = createParticipant('alpha', events =>
    events.subscribe({
      id: 'all',
      topics: ['permission', 'techdocs', 'other'],
      onEvent: recorder.onEvent,
    }),
  );
  const portal = await startPortal({
    knex: await stores.openEmpty(storeId),
    modules: [addPolicyChange],
    config: {
      events: {
        ...(validation !== undefined && { contract: { validation } }),
        http: { topics: ['permission'] },
      },
    },
    features: [alpha.feature, logger.factory],
  });
  stops.push(portal.stop);
  const events = await alpha.events;
  const warnings = () =>
    logger.warn.mock.calls
      .map(([message]) => message)
      .filter(message => message.includes('contract'));
  return { portal, events, recorder, warnings };
}

describe.each(stores.ids)('the contract of an instance on %s', storeId => {
  it('is served whole, with the channels that modules add, to whom it knows', async () => {
    const { portal } = await start(storeId);
    const get = (path: string, headers: Record<string, string> = {}) =>
      fetch(`${portal.url}/${path}`, { headers });
    const authorized = { Authorization: mockCredentials.user.header() };

    const json = await get('asyncapi.json', authorized);
    expect(json.status).toBe(200);
    const document = await json.json();
    expect(Object.keys(document.channels)).toEqual([
      'catalogEntityChange',
      'catalogLocationChange',
      'scaffolderTaskComplete',
      'techdocsBuild',
      'permissionPolicyChange',
    ]);
    const yaml = await get('asyncapi.yaml', authorized);
    expect(yaml.headers.get('content-type')).toMatch(/^application\/yaml/);
    const text = await yaml.text();
    expect(parse(text)).toEqual(document);

    const parsed = await new Parser().parse(text);
    expect(parsed.diagnostics.filter(({ severity }) => severity <= 1)).toEqual(
      [],
    );
    const operation = parsed.document
      ?.operations()
      .get('onPermissionPolicyChange');
    expect(operation?.channels().all()[0].address()).toBe(
      'backstage/permission/policy',
    );

    const stranger = await get('asyncapi.json', {
      Authorization: mockCredentials.none.header(),
    });
    expect(stranger.status).toBe(401);
  });

  it('lets what does not fit pass by default, and says which path and why, once', async () => {
    const { events, recorder, warnings } = await start(storeId);
    await events.publish(bad);
    await events.publish(bad);
    await events.publish(good);
    await recorder.waitFor(3);
    expect(warnings()).toEqual([
      expect.stringMatching(
        /Event [0-9a-f-]+ of topic permission from alpha does not fit the contract, .*: \/eventPayload\/policy must be string$/,
      ),
    ]);
  });

  it('refuses what does not fit, if it is to be enforced: from plugins and from outside', async () => {
    const { portal, events, recorder } = await start(storeId, 'enforce');
    await expect(events.publish(bad)).rejects.toThrow(
      "The event does not fit the contract of topic 'permission'",
    );
    await expect(
      events.publish({
        topic: 'techdocs',
        eventPayload: { action: 'build_lost' },
      }),
    ).rejects.toThrow('techdocs');
    const posted = await fetch(`${portal.url}/http/permission`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{}',
    });
    expect(posted.status).toBe(400);
    await events.publish(good);
    await events.publish({ topic: 'other', eventPayload: 'anything' });
    await recorder.waitFor(2);
    expect(recorder.received.map(({ topic }) => topic).sort()).toEqual([
      'other',
      'permission',
    ]);
  });

  it('looks at nothing, if it is told so', async () => {
    const { events, recorder, warnings } = await start(storeId, 'off');
    await events.publish(bad);
    await recorder.waitFor(1);
    expect(warnings()).toEqual([]);
  });
});

describe('the channels of a contract', () => {
  it.each(['channel', 'message', 'address'] as const)(
    'have each %s once',
    part => {
      const contract = new Contract();
      const { definition } = techdocsBuild;
      expect(() =>
        contract.add(
          defineChannel({
            ...policyChange.definition,
            [part]: definition[part],
          }),
        ),
      ).toThrow(`'${definition[part]}' already`);
    },
  );

  it.each([
    ['a schema of the contract', { message: 'EventMetadata' }, 'EventMetadata'],
    [
      'the name of an operation',
      { channel: 'Techdocsbuild' },
      'onTechdocsbuild',
    ],
    ['a topic that has a channel', { topic: 'techdocs' }, 'knownBy'],
    [
      'a field of another channel',
      { topic: 'catalog', knownBy: 'entity' },
      'knownBy',
    ],
  ])('do not take %s', (_, part, message) => {
    const contract = new Contract();
    contract.add(
      defineChannel({
        ...policyChange.definition,
        channel: 'techdocsbuild',
        topic: 'first',
      }),
    );
    expect(() =>
      contract.add(
        defineChannel({
          ...policyChange.definition,
          address: 'second',
          message: 'SecondEvent',
          ...part,
        }),
      ),
    ).toThrow(message);
  });

  it('tell which field is missing where several have a topic', () => {
    expect(
      new Contract().findMisfit({ topic: 'catalog', eventPayload: {} }),
    ).toEqual({
      path: '/eventPayload',
      reason: "must have 'entity' or 'location'",
    });
  });
});
