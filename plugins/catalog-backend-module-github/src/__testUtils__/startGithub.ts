import {
  GithubServer,
  type GithubServerOptions,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import type { JsonObject } from '@backstage/types';
import { makeGithubConfig, webhookSecret } from './FollowedPortal';

/** A GitHub on localhost with an app that a portal is configured for. */
export interface StartedGithub {
  github: GithubServer;
  host: string;
  appId: number;
  /** Of a portal that knows it. */
  config: JsonObject;
  /** Says where webhooks go, which is known when the portal has started. */
  sendWebhooksTo(url: string): void;
}

/**
 * Starts a GitHub.
 *
 * @param options.organizations - have installed the app; `acme` unless given
 * @param options.users - have installed it too
 * @param options.reachThrough - starts what a portal asks in the place of the API at a URL, and tells its URL
 */
export async function startGithub(
  options: GithubServerOptions & {
    organizations?: string[];
    users?: string[];
    reachThrough?: (apiBaseUrl: string) => Promise<string>;
  } = {},
): Promise<StartedGithub> {
  const { organizations = ['acme'], users = [], reachThrough } = options;
  const github = new GithubServer(options);
  const { model } = github;
  const { host, apiBaseUrl } = await github.start();
  const { app, privateKey } = model.addApp({
    slug: 'callboard',
    webhook: { url: 'http://127.0.0.1:9/nowhere', secret: webhookSecret },
  });
  organizations.forEach(login => model.addOrganization(login));
  users.forEach(login => model.addUser(login));
  for (const account of [...organizations, ...users]) {
    model.installations.create({ appId: app.id, account });
  }
  return {
    github,
    host,
    appId: app.id,
    config: makeGithubConfig(
      {
        host,
        apiBaseUrl: reachThrough ? await reachThrough(apiBaseUrl) : apiBaseUrl,
      },
      { id: app.id, clientId: app.clientId, privateKey },
    ),
    sendWebhooksTo(url) {
      const { apps } = model.state;
      const { hook, ...rest } = model.state.getApp(app.id);
      if (!hook) {
        throw new Error('The app has no webhook');
      }
      apps.set(app.id, { ...rest, hook: { ...hook, url } });
    },
  };
}
