import { randomBytes } from 'node:crypto';
import type { Config } from '@backstage/config';
import { ConfigSources } from '@backstage/config-loader';
import { acme } from './acme';
import { DemoFolder } from './DemoFolder';
import { DemoGithub } from './github';

const usualPort = 7008;

/**
 * Starts the GitHub of the demo in this process, and writes the configuration with which a portal follows it.
 *
 * @param options.root - the root directory of the clone
 * @param options.argv - the command line of the portal, whose configuration says where it will be
 * @returns the file with more configuration
 *
 * @throws Error that says what to do
 */
export async function startDemo(options: {
  root: string;
  argv: string[];
}): Promise<string> {
  const { root, argv } = options;
  const folder = new DemoFolder(root);
  const portal = await readPortal(argv);
  const token = randomBytes(32).toString('base64url');
  folder.create();
  const github = await DemoGithub.start({
    port: readPort(),
    webhook: {
      url: `${portal.url}/api/events/http/github`,
      secret: portal.webhookSecret,
    },
    token,
    journalFile: folder.journalFile,
  });
  const { host, apiBaseUrl, origin, app } = github;
  folder.writeConfig({
    backend: {
      database: { connection: { directory: folder.databaseDirectory } },
    },
    integrations: {
      github: [
        {
          host,
          apiBaseUrl,
          apps: [
            {
              ...app,
              clientSecret: 'not needed here',
              webhookSecret: portal.webhookSecret,
            },
          ],
        },
      ],
    },
    catalog: {
      providers: {
        github: {
          host,
          organization: acme,
          // As is recommended where webhooks tell of changes: the scan finds what none told of.
          schedule: { frequency: { days: 1 }, timeout: { hours: 1 } },
        },
      },
      // What is shown has come by events, then, and not because the catalog has read everything again.
      processingInterval: { minutes: 30 },
      stitchingStrategy: { pollingInterval: { milliseconds: 100 } },
    },
    events: {
      // Nobody waits for ten minutes in a demo.
      modules: { github: { recovery: { frequency: { seconds: 10 } } } },
    },
    demo: {
      portal: { url: portal.url, token: portal.token },
      github: { url: origin, token },
    },
  });
  return folder.configFile;
}

function readPort(): number {
  const port = Number(process.env.DEMO_PORT ?? usualPort);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error(`DEMO_PORT must be a port, got '${process.env.DEMO_PORT}'`);
  }
  return port;
}

/** Reads where the portal will be, and the secrets that it shares with others. */
async function readPortal(argv: string[]): Promise<{
  url: string;
  webhookSecret: string;
  token: string;
}> {
  const config = await ConfigSources.toConfig(ConfigSources.default({ argv }));
  try {
    return {
      url: config.getString('backend.baseUrl'),
      webhookSecret: config.getString('events.modules.github.webhookSecret'),
      token: readToken(config),
    };
  } finally {
    config.close();
  }
}

function readToken(config: Config): string {
  const key = 'backend.auth.externalAccess';
  const access = config
    .getOptionalConfigArray(key)
    ?.find(each => each.getOptionalString('type') === 'static');
  if (!access) {
    throw new Error(
      `The commands of the demo need a token: let ${key} have an entry of the type static`,
    );
  }
  return access.getString('options.token');
}
