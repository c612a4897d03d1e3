import type { JsonObject } from '@backstage/types';
import type { DatabaseKind } from '../databases/BenchmarkDatabase';
import { Portal } from '../portals/Portal';
import { callboardSystem } from '../portals/systems';
import { Receiver } from '../receivers/Receiver';
import type { Workbench } from '../Workbench';

/** An endpoint that the configuration of a portal declares. */
export interface DeclaredEndpoint {
  id: string;
  topics: readonly string[];
  /** Which events of these topics; all by default. */
  filter?: string;
  /** Requests under way at once; what Callboard has by default. */
  concurrency?: number;
  /** Where it is; at the receiver by default. */
  url?: string;
}

/** A portal that sends, and a receiver that gets what it sends. */
export interface Site {
  portal: Portal;
  receiver: Receiver;
}

/** Where the receiver gets what is sent to an endpoint. */
export const toPath = ({ id }: Pick<DeclaredEndpoint, 'id'>) => `/${id}`;

/**
 * Starts a portal with endpoints on an empty database, and a receiver, a process each; ends them when the use of them is
 * over.
 *
 * @param options.lookIntoOneOf - the receiver verifies one of so many requests
 */
export async function withEndpoints<T>(
  workbench: Workbench,
  options: {
    kind: DatabaseKind;
    endpoints: readonly DeclaredEndpoint[];
    lookIntoOneOf: number;
  },
  use: (site: Site) => Promise<T>,
): Promise<T> {
  const { kind, endpoints, lookIntoOneOf } = options;
  const database = await kind.create(workbench);
  try {
    const receiver = await Receiver.start(workbench, lookIntoOneOf);
    try {
      const portal = await Portal.start(workbench, {
        module: callboardSystem.publisherModule,
        database: database.config,
        config: declare(endpoints, receiver),
      });
      try {
        return await use({ portal, receiver });
      } finally {
        await portal.end();
      }
    } finally {
      await receiver.end();
    }
  } finally {
    await database.drop();
  }
}

function declare(
  endpoints: readonly DeclaredEndpoint[],
  receiver: Receiver,
): JsonObject {
  const declared = endpoints.map(endpoint => [
    endpoint.id,
    {
      url: endpoint.url ?? `${receiver.url}${toPath(endpoint)}`,
      topics: [...endpoint.topics],
      owner: 'group:default/bench',
      secrets: { signing: [receiver.secret] },
      ...(endpoint.filter !== undefined && { filter: endpoint.filter }),
      ...(endpoint.concurrency !== undefined && {
        concurrency: endpoint.concurrency,
      }),
    },
  ]);
  return {
    events: {
      webhooks: {
        allow: ['127.0.0.0/8'],
        allowHttp: true,
        endpoints: Object.fromEntries(declared),
      },
    },
  };
}
