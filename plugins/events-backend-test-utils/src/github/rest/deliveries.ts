import { ApiError, notFound } from '../ApiError';
import type { GithubHook } from '../model/records';
import type { GithubDelivery } from '../webhooks/DeliveryLog';
import { getAppHook, getHook, hookPlaces } from './hooks';
import {
  linkTo,
  renderLinks,
  type RestAnswer,
  type RestCall,
  type Route,
} from './router';

const usualSize = 30;
const largestSize = 100;

/**
 * The logs of what was sent to the hooks of apps, organizations and repositories.
 *
 * @see https://docs.github.com/en/rest/apps/webhooks
 */
export const deliveryRoutes: readonly Route[] = [
  ...makeRoutes('/app/hook', getAppHook),
  ...hookPlaces.flatMap(({ path, list }) =>
    makeRoutes(`${path}/:hook`, call => getHook(call, list)),
  ),
];

function makeRoutes(
  path: string,
  find: (call: RestCall) => GithubHook,
): Route[] {
  return [
    {
      method: 'GET',
      pattern: `${path}/deliveries`,
      answer: call => answerList(call, find(call)),
    },
    {
      method: 'GET',
      pattern: `${path}/deliveries/:id`,
      answer: call => ({ body: renderWhole(getDelivery(call, find(call))) }),
    },
    {
      method: 'POST',
      pattern: `${path}/deliveries/:id/attempts`,
      answer(call) {
        call.github.sender.redeliver(getDelivery(call, find(call)));
        return { status: 202, body: {} };
      },
    },
  ];
}

/** Pages begin after the delivery that the cursor names, so those that come meanwhile move nothing. */
function answerList(call: RestCall, hook: GithubHook): RestAnswer {
  const { url, github } = call;
  const query = url.searchParams;
  const size = Math.min(
    Number(query.get('per_page') ?? usualSize) || usualSize,
    largestSize,
  );
  const cursor = query.get('cursor');
  const before = cursor === null ? Infinity : readCursor(cursor);
  const status = query.get('status');
  const left = github.deliveries
    .list(hook.id)
    .filter(({ id }) => id < before)
    .filter(
      ({ statusCode }) =>
        status === null || (status === 'success') === isSuccess(statusCode),
    );
  const page = left.slice(0, size);
  const [last] = page.slice(-1);
  return {
    body: page.map(renderShort),
    headers:
      left.length > size
        ? renderLinks([['next', linkTo(call, { cursor: `v1_${last.id}` })]])
        : {},
  };
}

function readCursor(cursor: string): number {
  const id = Number(/^v1_(\d+)$/.exec(cursor)?.[1]);
  if (Number.isNaN(id)) {
    throw new ApiError(400, 'Invalid cursor');
  }
  return id;
}

function getDelivery(
  { github: { deliveries }, params }: RestCall,
  hook: GithubHook,
): GithubDelivery {
  const delivery = deliveries.find(hook.id, Number(params.id));
  if (!delivery) {
    throw notFound();
  }
  return delivery;
}

function isSuccess(statusCode: number): boolean {
  return statusCode >= 200 && statusCode < 400;
}

function renderShort(delivery: GithubDelivery) {
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: new Date(delivery.deliveredMs).toISOString(),
    redelivery: delivery.isRedelivery,
    duration: Math.round(delivery.durationMs / 10) / 100,
    status: delivery.status,
    status_code: delivery.statusCode,
    event: delivery.event,
    action: delivery.action ?? null,
    installation_id: delivery.installationId ?? null,
    repository_id: delivery.repositoryId ?? null,
    throttled_at: null,
  };
}

function renderWhole(delivery: GithubDelivery) {
  const { request, response, body } = delivery;
  return {
    ...renderShort(delivery),
    url: request.url,
    request: {
      headers: request.headers,
      payload: JSON.parse(body.toString()),
    },
    response: {
      headers: response?.headers ?? null,
      payload: response?.body ?? null,
    },
  };
}
