import { ApiError, notFound } from '../ApiError';
import type { GithubHook } from '../model/records';
import type { GithubDelivery } from '../webhooks/DeliveryLog';
import { getApp } from './apps';
import {
  getRepository,
  renderLinks,
  withQuery,
  type RestAnswer,
  type RestCall,
  type Route,
} from './router';

const usualSize = 30;
const largestSize = 100;

/** The logs of what was sent to the hooks of apps, organizations and repositories. */
export const deliveryRoutes: readonly Route[] = [
  ...makeRoutes('/app/hook', call => getApp(call).hook),
  ...makeRoutes('/orgs/:login/hooks/:hook', call => {
    const { github, params } = call;
    return findHook(call, github.state.findAccount(params.login)?.id);
  }),
  ...makeRoutes('/repos/:owner/:repo/hooks/:hook', call =>
    findHook(call, getRepository(call).id),
  ),
];

/** @see https://docs.github.com/en/rest/apps/webhooks */
function makeRoutes(
  prefix: string,
  find: (call: RestCall) => GithubHook | undefined,
): Route[] {
  const getHook = (call: RestCall): GithubHook => {
    const hook = find(call);
    if (!hook) {
      throw notFound();
    }
    return hook;
  };
  return [
    {
      method: 'GET',
      pattern: `${prefix}/deliveries`,
      answer: call => answerList(call, getHook(call)),
    },
    {
      method: 'GET',
      pattern: `${prefix}/deliveries/:id`,
      answer: call => ({ body: renderWhole(getDelivery(call, getHook(call))) }),
    },
    {
      method: 'POST',
      pattern: `${prefix}/deliveries/:id/attempts`,
      answer(call) {
        call.github.sender.redeliver(getDelivery(call, getHook(call)));
        return { status: 202, body: {} };
      },
    },
  ];
}

/** Hooks of organizations and repositories are for users, and for apps that are installed there. */
function findHook(
  { github: { state }, viewer, params }: RestCall,
  targetId: number | undefined,
): GithubHook | undefined {
  const mayRead = viewer.kind === 'user' || viewer.kind === 'installation';
  const hook = state.hooks.get(Number(params.hook));
  return mayRead && hook?.targetId === targetId ? hook : undefined;
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
        ? renderLinks([['next', withQuery(url, { cursor: `v1_${last.id}` })]])
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
  const { webhook } = delivery;
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: new Date(delivery.deliveredMs).toISOString(),
    redelivery: delivery.isRedelivery,
    duration: Math.round(delivery.durationMs / 10) / 100,
    status: delivery.status,
    status_code: delivery.statusCode,
    event: webhook.event,
    action: 'action' in webhook.payload ? webhook.payload.action : null,
    installation_id: webhook.installationId ?? null,
    repository_id: webhook.repositoryId ?? null,
    throttled_at: null,
  };
}

function renderWhole(delivery: GithubDelivery) {
  const { request, response, webhook } = delivery;
  return {
    ...renderShort(delivery),
    url: request.url,
    request: { headers: request.headers, payload: webhook.payload },
    response: {
      headers: response?.headers ?? null,
      payload: response?.body ?? null,
    },
  };
}
