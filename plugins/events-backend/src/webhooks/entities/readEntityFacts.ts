import { DEFAULT_NAMESPACE } from '@backstage/catalog-model';
import { z } from 'zod';
import type { EntityFacts } from '../filtering';
import { completeRef, readWholeRef } from './wholeRef';

/** Of a field that is no text, or of no text at all, nothing is known. */
const optionalText = z.string().optional().catch(undefined);
const texts = z.record(z.string(), z.string()).catch({});

const entitySchema = z.object({
  kind: z.string(),
  metadata: z.object({
    name: z.string(),
    namespace: z.string().min(1).catch(DEFAULT_NAMESPACE),
    tags: z.array(z.string()).catch([]),
    labels: texts,
    annotations: texts,
  }),
  spec: z
    .object({
      owner: optionalText,
      system: optionalText,
      type: optionalText,
      lifecycle: optionalText,
    })
    .catch({}),
  relations: z
    .array(z.object({ type: z.string(), targetRef: z.string() }))
    .optional()
    .catch(undefined),
});

/**
 * Reads what filters may ask of an entity.
 *
 * @remarks
 * Owner and system are those of the relations `ownedBy` and `partOf`, in the order in which the catalog serves them: it
 * makes them from the specification, and processors may add to them. Only an entity without relations, as it stands in a
 * repository, is asked for `spec.owner` and `spec.system`.
 *
 * @param entity - as the catalog serves it
 * @returns undefined for what is no entity
 */
export function readEntityFacts(entity: unknown): EntityFacts | undefined {
  const parsed = entitySchema.safeParse(entity);
  if (!parsed.success) {
    return undefined;
  }
  const { kind, metadata, spec, relations } = parsed.data;
  const { name, namespace, tags, labels, annotations } = metadata;
  const ref = readWholeRef(`${kind}:${namespace}/${name}`);
  if (ref === undefined) {
    return undefined;
  }
  const related = (type: string) =>
    relations
      ?.filter(relation => relation.type === type)
      .map(({ targetRef }) => completeRef(targetRef))
      .filter(target => target !== undefined);
  const specified = (text: string | undefined, defaultKind: string) =>
    [completeRef(text, { defaultKind, defaultNamespace: namespace })].filter(
      target => target !== undefined,
    );
  const owners = related('ownedBy') ?? specified(spec.owner, 'group');
  const systems = related('partOf') ?? specified(spec.system, 'system');
  return {
    ref,
    kind,
    namespace,
    name,
    owner: owners.at(0),
    owners,
    system: systems.find(target => target.startsWith('system:')),
    type: spec.type,
    lifecycle: spec.lifecycle,
    tags,
    labels,
    annotations,
  };
}
