import {
  endpointChangeSchema,
  endpointCreatePermission,
  endpointReadPermission,
  endpointsQuerySchema,
  endpointUpdatePermission,
  eventReadPermission,
  newEndpointSchema,
  type EndpointsPage,
  type EndpointWithKeys,
  type NewEndpointRequest,
} from '@callboard/backstage-plugin-events-common';
import { InputError } from '@backstage/errors';
import type { Router } from 'express';
import { z } from 'zod';
import type { Endpoint, NewEndpoint } from '../../endpoints';
import type { SqlEventLog } from '../../log';
import { parseInput } from '../../model/parseInput';
import { decodeCursor, encodeCursor } from '../cursors';
import { auditAction } from './auditAction';
import { changeSettings } from './changeSettings';
import { checkSettings } from './checkSettings';
import { requireFit } from './EndpointAccess';
import type { EndpointApi } from './EndpointApiOptions';
import { findCarriedSecrets } from './findCarriedSecrets';
import { fitsQuery } from './fitsQuery';
import { makeEndpointId } from './makeEndpointId';
import { openHeldSecrets } from './openHeldSecrets';
import { refuseDeclared } from './refuseDeclared';
import { refuseUselessSecrets } from './refuseUselessSecrets';
import { holdRevision, readIfMatch, setRevision } from './revisions';
import { selectUsedSecrets } from './selectUsedSecrets';
import { toEndpointView, toShownKey } from './endpointViews';

const placeInEndpoints = z.tuple([z.string()]);

/** Adds the routes that make, show, change and remove endpoints. */
export function addEndpointRoutes(router: Router, api: EndpointApi): void {
  const { endpoints, door, log, access, auditor } = api;

  router.post('/', async (request, response) => {
    await access.require(request, endpointCreatePermission);
    // Whoever makes an endpoint has events sent to where they can read them.
    await access.require(request, eventReadPermission);
    const {
      id = makeEndpointId(),
      secrets = {},
      startAt,
      ...settings
    } = parseInput(newEndpointSchema, request.body);
    await access.checkNew(request, settings);
    refuseUselessSecrets(settings, secrets);
    checkSettings(door, settings, secrets);
    const createdBy = await access.nameCaller(request);
    const created = await auditAction(
      auditor,
      {
        eventId: 'endpoint-create',
        severityLevel: 'medium',
        request,
        meta: {
          endpointId: id,
          owner: settings.owner,
          topics: settings.topics,
          secrets: Object.keys(secrets),
        },
      },
      async () =>
        create({
          id,
          managedBy: 'api',
          settings,
          secrets,
          // Kept with the endpoint, since any process may be the first to make its subscription.
          startPosition: await findStartPosition(log, startAt),
          createdBy,
        }),
    );
    setRevision(response, created.endpoint);
    response
      .status(201)
      .location(`${request.baseUrl}/${id}`)
      .json(withKeys(created));
  });

  router.get('/', async (request, response) => {
    const isAllowed = await access.demand(request, endpointReadPermission);
    const query = parseInput(endpointsQuerySchema, request.query);
    const [after] =
      query.cursor === undefined
        ? [undefined]
        : decodeCursor(query.cursor, placeInEndpoints);
    const all = await endpoints.list({ state: query.state });
    const found = all
      .filter(
        endpoint =>
          (after === undefined || endpoint.id > after) &&
          isAllowed(endpoint.settings) &&
          fitsQuery(endpoint.settings, query),
      )
      .sort((one, other) => (one.id < other.id ? -1 : 1));
    const items = found.slice(0, query.limit).map(toEndpointView);
    const last = items.at(-1);
    const page: EndpointsPage = {
      items,
      ...(last &&
        found.length > items.length && { nextCursor: encodeCursor([last.id]) }),
    };
    response.json(page);
  });

  router.get('/:id', async (request, response) => {
    const { endpoint } = await access.open(request, endpointReadPermission);
    setRevision(response, endpoint);
    response.json(toEndpointView(endpoint));
  });

  router.patch('/:id', async (request, response) => {
    await access.require(request, eventReadPermission);
    const { endpoint, isAllowed } = await access.open(
      request,
      endpointUpdatePermission,
    );
    const { id } = endpoint;
    refuseDeclared(endpoint);
    const revision = holdRevision(request, endpoint);
    const { secrets = {}, ...change } = parseInput(
      endpointChangeSchema,
      request.body,
    );
    const settings = changeSettings(endpoint.settings, change);
    requireFit(isAllowed, settings);
    refuseUselessSecrets(settings, secrets);
    const held = await openHeldSecrets(endpoints, endpoint, settings, secrets);
    const carried = findCarriedSecrets(
      endpoint.settings,
      settings,
      selectUsedSecrets(endpoint.settings, held),
      secrets,
    );
    if (carried.length > 0) {
      throw new InputError(
        `Credentials are not carried to another receiver: give ${carried.join(
          ' and ',
        )} with this change (an empty 'secrets.headers' drops them)`,
      );
    }
    checkSettings(door, settings, {
      ...selectUsedSecrets(settings, held),
      ...secrets,
    });
    const changed = await auditAction(
      auditor,
      {
        eventId: 'endpoint-update',
        severityLevel: 'medium',
        request,
        meta: {
          endpointId: id,
          owner: settings.owner,
          fields: Object.keys(change),
          secrets: Object.keys(secrets),
        },
      },
      async () => {
        const done = await endpoints.change(
          id,
          { settings, secrets },
          revision,
        );
        try {
          await door.register(done.endpoint);
        } finally {
          door.announceChange();
        }
        return done;
      },
    );
    setRevision(response, changed.endpoint);
    response.json(withKeys(changed));
  });

  router.delete('/:id', async (request, response) => {
    const { id, endpoint } = await access.openToRemove(request);
    if (endpoint) {
      refuseDeclared(endpoint);
    }
    const revision = endpoint
      ? holdRevision(request, endpoint)
      : readIfMatch(request);
    await auditAction(
      auditor,
      {
        eventId: 'endpoint-delete',
        severityLevel: 'medium',
        request,
        meta: { endpointId: id, owner: endpoint?.settings.owner ?? null },
      },
      async () => {
        // The endpoint first: while it is there, its subscription is made anew.
        await endpoints.remove(id, revision);
        try {
          // Before as well: to remove what is owed may take a while.
          door.announceChange();
          await door.unregister(id);
        } finally {
          door.announceChange();
        }
      },
    );
    response.status(204).end();
  });

  /** Attempts outlive their endpoint, and are none of another one that is given its id. */
  async function forgetNamesake(id: string): Promise<void> {
    if (await endpoints.read(id)) {
      return;
    }
    // What is owed to it, too, if its removal was cut off.
    await door.unregister(id);
    const { perStatement, statements } = namesakeAttempts;
    let removed = perStatement;
    for (let turn = 0; turn < statements && removed > 0; turn += 1) {
      removed = await endpoints.removeAttemptsOf(id, perStatement);
    }
  }

  /** An endpoint whose subscription cannot be made is no endpoint. */
  async function create(endpoint: NewEndpoint) {
    await forgetNamesake(endpoint.id);
    const created = await endpoints.create(endpoint);
    try {
      await door.register(created.endpoint);
    } catch (error) {
      // Where the store is away for this as well, the endpoint is there, and begins where it was told.
      await endpoints.remove(endpoint.id).catch(() => {});
      throw error;
    } finally {
      door.announceChange();
    }
    return created;
  }
}

/** One request removes so many attempts of an endpoint that had the same id; what is left goes with its age. */
const namesakeAttempts = { perStatement: 1_000, statements: 20 };

async function findStartPosition(
  log: Pick<SqlEventLog, 'ends' | 'positionBefore'>,
  startAt: NewEndpointRequest['startAt'],
): Promise<number> {
  const { head, tail } = await log.ends();
  switch (startAt) {
    case 'end':
      return tail;
    case 'beginning':
      return head;
    default:
      return Math.max(head, await log.positionBefore(Date.parse(startAt)));
  }
}

function withKeys({
  endpoint,
  signing,
}: {
  endpoint: Endpoint;
  signing: readonly string[];
}): EndpointWithKeys {
  return {
    endpoint: toEndpointView(endpoint),
    signing: signing.map(toShownKey),
  };
}
