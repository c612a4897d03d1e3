import { parseEntityRef, stringifyEntityRef } from '@backstage/catalog-model';
import type { TechDocsBuild } from '@callboard/backstage-plugin-events-common';
import {
  describeEvent,
  techdocsBuild,
  type ContractEvent,
} from '@callboard/backstage-plugin-events-node';
import { deriveEventId } from '@callboard/backstage-plugin-events-node/bus';
import { z } from 'zod';

/** An event that CI posted. */
export type PostedEvent = Parameters<typeof describeEvent>[0];

/** An event that CI posted, read: a build, or the reason why it is none. */
export type CiBuild =
  | { fits: true; event: ContractEvent<TechDocsBuild> }
  | { fits: false; reason: string };

const bodySchema = z.object({
  entityRef: z.string().transform((text, context) => {
    try {
      return stringifyEntityRef(
        parseEntityRef(text, { defaultNamespace: 'default' }),
      );
    } catch {
      context.addIssue(
        'must be the reference of an entity, such as component:default/my-service',
      );
      return z.NEVER;
    }
  }),
  action: z
    .enum(['build_started', 'build_completed', 'build_failed'])
    .default('build_completed'),
  buildTimestamp: z.iso
    .datetime({ offset: true })
    .transform(text => new Date(text).toISOString())
    .optional(),
});

/**
 * Reads an event that CI posted.
 *
 * @remarks
 * The same event gives the same build however often it is read: what is missing is taken from the time at which the event
 * was posted, and the id follows from its id. So a handler that is run twice stores once.
 *
 * What CI posts of one build has nothing in common but entity and time, if it gives the time; so these are the
 * correlation id then.
 */
export function readCiBuild(params: PostedEvent): CiBuild {
  const body = bodySchema.safeParse(params.eventPayload);
  if (!body.success) {
    return { fits: false, reason: describeIssues(body.error) };
  }
  const posted = describeEvent(params);
  const postedAt =
    posted.time === undefined ? new Date() : new Date(posted.time);
  const { entityRef, action, buildTimestamp } = body.data;
  const eventPayload: TechDocsBuild = {
    action,
    entityRef,
    buildTimestamp: buildTimestamp ?? postedAt.toISOString(),
  };
  return {
    fits: true,
    event: techdocsBuild.event({
      eventPayload,
      source: posted.source ?? 'techdocs',
      timestamp: postedAt,
      key: entityRef,
      correlationId:
        buildTimestamp === undefined
          ? posted.correlationId ?? posted.id
          : `${entityRef}@${buildTimestamp}`,
      ...(posted.id !== undefined && {
        id: deriveEventId(
          posted.id,
          techdocsBuild.name,
          JSON.stringify(eventPayload),
        ),
      }),
    }),
  };
}

function describeIssues({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message }) =>
      path.length > 0 ? `${path.join('.')}: ${message}` : message,
    )
    .join('; ');
}
