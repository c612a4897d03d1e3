import { mockCredentials } from '@backstage/backend-test-utils';
import {
  createTestDatabases,
  WebhookReceiver,
  type ReceivedRequest,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { WebhookVerifier } from '@callboard/webhook-verifier';
import Ajv from 'ajv';
import { CloudEvent, HTTP } from 'cloudevents';
import { z } from 'zod';
import { startCatalog } from './__testUtils__/startCatalog';
import { makeEntity } from './__testUtils__/TestProvider';

jest.setTimeout(60_000);

const databases = createTestDatabases();
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) {
    await stop();
  }
});

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const verifier = new WebhookVerifier({ keys: secret });
const endpoint = {
  topics: ['catalog'],
  owner: 'group:default/team-a',
  secrets: { signing: [secret] },
};

async function startReceiver() {
  const receiver = new WebhookReceiver();
  stops.push(() => receiver.stop());
  return { receiver, url: await receiver.start() };
}

const changeSchema = z.object({
  action: z.string(),
  entity: z.object({
    metadata: z.object({
      name: z.string(),
      description: z.string().optional(),
    }),
  }),
});
type Change = z.infer<typeof changeSchema>;
/** A message, and a CloudEvent. */
const bodySchema = z.union([
  z.object({ eventPayload: changeSchema }),
  z.object({ data: changeSchema }),
]);

/** Waits until a request has come that says so, and gives it. */
async function untilSaid(
  receiver: WebhookReceiver,
  says: (change: Change) => boolean,
): Promise<ReceivedRequest> {
  for (let count = 1; ; count += 1) {
    const request = (await receiver.waitFor(count))[count - 1];
    const { success, data } = bodySchema.safeParse(
      JSON.parse(request.body.toString()),
    );
    if (success && says('data' in data ? data.data : data.eventPayload)) {
      return request;
    }
  }
}

/** Receives a CloudEvent as the SDK does, which throws when something is wrong with it. */
function receiveCloudEvent({ headers, body }: ReceivedRequest) {
  const received = HTTP.toEvent({ headers, body: body.toString() });
  // Made anew, since what was received is judged less strictly.
  const event = new CloudEvent(z.instanceof(CloudEvent).parse(received));
  event.validate();
  return event;
}

/** The schema of changes of entities in the contract that an instance serves. */
async function readContract(url: string) {
  const response = await fetch(`${url}/events/asyncapi.json`, {
    headers: { Authorization: mockCredentials.user.header() },
  });
  const isDateTime = (text: string) =>
    z.iso.datetime({ offset: true }).safeParse(text).success;
  const ajv = new Ajv({
    strict: false,
    formats: {
      'date-time': isDateTime,
      uuid: text => z.uuid().safeParse(text).success,
    },
  });
  ajv.addSchema(await response.json(), 'contract');
  const validate = ajv.compile({
    $ref: 'contract#/components/schemas/CatalogEntityChangeEvent',
  });
  return (request: ReceivedRequest) => {
    validate(JSON.parse(request.body.toString()));
    return validate.errors ?? [];
  };
}

describe.each(databases.ids)('changes of the catalog, on %s', id => {
  it('arrive at endpoints: as messages that are signed and fit the contract, and as CloudEvents that the SDK takes', async () => {
    const asMessages = await startReceiver();
    const asCloudEvents = await startReceiver();
    const ofOneTeam = await startReceiver();
    const { url, provider, stop } = await startCatalog({
      databases: {
        catalog: await databases.open(id),
        events: await databases.open(id),
      },
      config: {
        app: { baseUrl: 'https://portal.example' },
        events: {
          subscriptions: { pollInterval: { milliseconds: 50 } },
          webhooks: {
            allow: ['127.0.0.1'],
            allowHttp: true,
            endpoints: {
              messages: { ...endpoint, url: asMessages.url },
              'cloud-events': {
                ...endpoint,
                url: asCloudEvents.url,
                format: 'cloudevents-structured',
              },
              'of-one-team': {
                ...endpoint,
                url: ofOneTeam.url,
                entity: {
                  kind: ['Component'],
                  owner: ['group:default/team-b'],
                },
              },
            },
          },
        },
      },
    });
    stops.push(stop);
    const findMisfits = await readContract(url);

    await provider.replaceAll([
      makeEntity('website'),
      makeEntity('api', { spec: { owner: 'team-b' } }),
    ]);
    await untilSaid(
      asMessages.receiver,
      ({ action, entity }) =>
        action === 'created' && entity.metadata.name === 'website',
    );
    await provider.change([
      makeEntity('website', { metadata: { description: 'Ein neuer Text ✓' } }),
    ]);
    await untilSaid(
      asMessages.receiver,
      ({ action, entity }) =>
        action === 'updated' &&
        entity.metadata.description === 'Ein neuer Text ✓',
    );
    await provider.change([], [makeEntity('website')]);
    const isDeletion = ({ action }: Change) => action === 'deleted';
    const deletion = await untilSaid(asMessages.receiver, isDeletion);

    for (const request of asMessages.receiver.requests) {
      expect(verifier.verify(request).id).toBe(request.headers['webhook-id']);
      expect(findMisfits(request)).toEqual([]);
    }
    expect(JSON.parse(deletion.body.toString())).toMatchObject({
      topic: 'catalog',
      eventPayload: { action: 'deleted' },
      metadata: { 'callboard-event-key': 'component:default/website' },
    });

    const asCloudEvent = await untilSaid(asCloudEvents.receiver, isDeletion);
    for (const request of asCloudEvents.receiver.requests) {
      verifier.verify(request);
      expect(receiveCloudEvent(request).id).toBe(request.headers['webhook-id']);
    }
    expect(asCloudEvent.headers['content-type']).toBe(
      'application/cloudevents+json',
    );
    expect(receiveCloudEvent(asCloudEvent)).toMatchObject({
      id: deletion.headers['webhook-id'],
      specversion: '1.0',
      type: 'io.backstage.catalog',
      source: 'https://portal.example/catalog',
      subject: 'component:default/website',
      partitionkey: 'component:default/website',
      data: { action: 'deleted' },
    });

    const changed = await untilSaid(
      ofOneTeam.receiver,
      ({ action }) => action === 'created',
    );
    expect(JSON.parse(changed.body.toString())).toMatchObject({
      eventPayload: { entity: { metadata: { name: 'api' } } },
    });
    expect(
      ofOneTeam.receiver.requests.filter(({ body }) =>
        body.includes('website'),
      ),
    ).toEqual([]);
  });
});
