import { mockServices } from '@backstage/backend-test-utils';
import {
  GithubModel,
  GithubServer,
  type GithubServerOptions,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { GithubService } from '../GithubService';

const running: { stop(): Promise<void> }[] = [];

/** Stops all that were started. */
export async function stopAll(): Promise<void> {
  await Promise.all(running.splice(0).map(each => each.stop()));
}

/** Has something stopped with the others. */
export function stopLater<T extends { stop(): Promise<void> }>(each: T): T {
  running.push(each);
  return each;
}

/** A clock that stands still until it is moved. */
export class TestClock {
  nowMs = Date.now();

  readonly now = () => this.nowMs;
}

/**
 * A GitHub with the organization `acme`, which has `acme/site` and an app that is installed there, and the organization
 * `other`, which has nothing of the kind; and the service as it is configured for that.
 */
export async function startAcme(
  options: GithubServerOptions & {
    /** Of the host, in the configuration. */
    token?: string;
    timeLimitMs?: number;
    publicAccess?: boolean;
  } = {},
) {
  const { token, timeLimitMs, publicAccess, ...serverOptions } = options;
  const github = stopLater(
    new GithubServer({
      tokens: { 'personal-token': 'hubot' },
      model: new GithubModel(),
      ...serverOptions,
    }),
  );
  const { model } = github;
  model.addUser('hubot');
  model.addOrganization('acme');
  model.addOrganization('other');
  const { host, apiBaseUrl } = await github.start();
  model.repositories.create({
    owner: 'acme',
    name: 'site',
    visibility: 'private',
  });
  model.repositories.create({ owner: 'other', name: 'public' });
  const { app, privateKey } = model.addApp({ slug: 'callboard' });
  const installation = model.installations.create({
    appId: app.id,
    account: 'acme',
  });
  const logger = mockServices.logger.mock();
  const service = createService(
    {
      host,
      apiBaseUrl,
      token,
      apps: [{ ...describeApp(app.id, privateKey), publicAccess }],
    },
    { logger, timeLimitMs },
  );
  return {
    github,
    model,
    host,
    app,
    privateKey,
    installation,
    logger,
    service,
  };
}

/** As the configuration has it. */
export function describeApp(appId: number, privateKey: string) {
  return { appId, privateKey, clientId: 'id', clientSecret: 'unused' };
}

/** The service for one GitHub. */
export function createService(
  integration: {
    host: string;
    apiBaseUrl: string;
    token?: string;
    apps?: (ReturnType<typeof describeApp> & { publicAccess?: boolean })[];
  },
  options: {
    logger?: ReturnType<typeof mockServices.logger.mock>;
    timeLimitMs?: number;
  } = {},
): GithubService {
  const { logger = mockServices.logger.mock(), timeLimitMs } = options;
  return new GithubService({
    config: mockServices.rootConfig({
      data: { integrations: { github: [integration] } },
    }),
    logger,
    timeLimitMs,
  });
}
