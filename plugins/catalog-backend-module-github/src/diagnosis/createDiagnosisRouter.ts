import type {
  AuthService,
  BackstageCredentials,
  DiscoveryService,
  HttpAuthService,
  PermissionsService,
} from '@backstage/backend-plugin-api';
import { InputError, NotAllowedError } from '@backstage/errors';
import { AuthorizeResult } from '@backstage/plugin-permission-common';
import { catalogGithubReadPermission } from '@callboard/backstage-plugin-events-common';
import type { Request, Router as ExpressRouter } from 'express';
import Router from 'express-promise-router';
import { z } from 'zod';
import {
  countPendingHints,
  findRepositories,
  readHintsOfDelivery,
  readHintsOfRepository,
  readScanProgress,
  type GithubStore,
  type HintRecord,
} from '../repositories';
import type { ProviderSettings } from '../settings';
import { EventsLog } from './EventsLog';
import { explainDelivery } from './explainDelivery';

const deliverySchema = z.string().min(1).max(255);
const nameSchema = z.string().min(1).max(200);

/**
 * Makes the routes that explain what became of webhooks of GitHub:
 *
 * - `GET /github/deliveries/{delivery}`: what a delivery was routed to, which provider looked at it, and what came of it
 * - `GET /github/repositories/{owner}/{name}`: what providers know of a repository, and its last hints
 * - `GET /github/providers`: which there are, and how far they are
 *
 * Each needs the permission `catalog.github.read`.
 */
export function createDiagnosisRouter(options: {
  store: GithubStore;
  settings: readonly ProviderSettings[];
  auth: AuthService;
  discovery: DiscoveryService;
  httpAuth: HttpAuthService;
  permissions: PermissionsService;
}): ExpressRouter {
  const { store, settings, httpAuth, permissions } = options;
  const eventsLog = new EventsLog(options);
  const router = Router();

  const authorize = async (request: Request): Promise<BackstageCredentials> => {
    const credentials = await httpAuth.credentials(request, {
      allow: ['user', 'service'],
    });
    const permission = catalogGithubReadPermission;
    const [{ result }] = await permissions.authorize([{ permission }], {
      credentials,
    });
    if (result !== AuthorizeResult.ALLOW) {
      throw new NotAllowedError(`Needs the permission ${permission.name}`);
    }
    return credentials;
  };

  router.get('/github/deliveries/:delivery', async (request, response) => {
    const credentials = await authorize(request);
    const delivery = parse(deliverySchema, request.params.delivery);
    const hints = await readHintsOfDelivery(store, delivery);
    const events = await eventsLog.explain(delivery, credentials);
    response.json({
      delivery,
      explanation: explainDelivery(
        events,
        hints,
        settings.map(({ name }) => name),
      ),
      events: events ?? null,
      providers: hints.map(toView),
    });
  });

  router.get('/github/repositories/:owner/:name', async (request, response) => {
    await authorize(request);
    const owner = parse(nameSchema, request.params.owner);
    const name = parse(nameSchema, request.params.name);
    const known = await findRepositories(store, `${owner}/${name}`);
    const providers = [];
    for (const { provider, nodeId, reconciledAtMs, ...record } of known) {
      const hints = await readHintsOfRepository(store, provider, nodeId);
      providers.push({
        provider,
        nodeId,
        ...record,
        reconciledAt: toTime(reconciledAtMs),
        hints: hints.map(toView),
      });
    }
    response.json({
      repository: `${owner}/${name}`,
      explanation:
        providers
          .map(
            ({ provider, explanation }) =>
              `${provider}: the repository ${explanation}`,
          )
          .join('. ') ||
        'No provider knows this repository: none follows its owner, GitHub does not show it to them, or neither a webhook nor a scan has told of it yet',
      providers,
    });
  });

  router.get('/github/providers', async (request, response) => {
    await authorize(request);
    const items = [];
    for (const { name, host, source } of settings) {
      const { fullScanMs } = await readScanProgress(store, name);
      const pending = await countPendingHints(store, name, Date.now());
      items.push({
        provider: name,
        host,
        follows:
          source.kind === 'owner'
            ? source.login
            : `whoever has installed the app ${source.appId}`,
        lastFullScanAt: toTime(fullScanMs),
        pendingHints: pending.count,
        oldestPendingHintAt: toTime(pending.oldestMs),
      });
    }
    response.json({ items });
  });

  return router;
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const { success, data, error } = schema.safeParse(value);
  if (!success) {
    throw new InputError(z.prettifyError(error));
  }
  return data;
}

function toView({ atMs, settledAtMs, dueAtMs, ...hint }: HintRecord) {
  return {
    ...hint,
    at: toTime(atMs),
    settledAt: toTime(settledAtMs),
    dueAt: toTime(dueAtMs),
  };
}

function toTime(timeMs: number | undefined): string | null {
  return timeMs === undefined ? null : new Date(timeMs).toISOString();
}
