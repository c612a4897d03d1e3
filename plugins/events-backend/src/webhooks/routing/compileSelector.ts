import type { EndpointSettings } from '@callboard/backstage-plugin-events-common';
import { findPatternProblem, fitsPattern } from '../../model/topicPattern';
import { compileFilter, type Filter } from '../filtering';
import { compileEntityFilter, type EntityFit } from './compileEntityFilter';
import type { Condition } from './Condition';
import { toCondition } from './toCondition';
import { listTexts } from './listTexts';
import type { RoutedEvent } from './RoutedEvent';

/** Whether an endpoint wants an event, and why not. */
export type Selection =
  | { matches: true }
  | {
      matches: false;
      /** A sentence for people, without its full stop. */
      reason: string;
      /** Whether its filter could not decide; the event is not wanted then. */
      failed: boolean;
    };

/** Which events an endpoint wants. */
export interface Selector {
  /** Names or patterns. */
  readonly topics: readonly string[];
  /** Whether it has to be known what an event is about. */
  readonly asksForEntity: boolean;
  /** What an event must have, each of it, for the selector to match; nothing when that cannot be told beforehand. */
  readonly conditions: readonly Condition[];
  wantsTopic(topic: string): boolean;
  /** Never throws. Its topics are asked first, then the entity, then the filter. */
  select(event: RoutedEvent): Selection;
}

/**
 * Makes the selector of an endpoint.
 *
 * @returns the selector, or what is wrong with the settings, as a sentence for people
 */
export function compileSelector(
  settings: Pick<EndpointSettings, 'topics' | 'filter' | 'entity'>,
): { selector: Selector } | { problem: string } {
  const { topics } = settings;
  const problem = topics.map(findPatternProblem).find(found => found);
  if (problem !== undefined) {
    return { problem };
  }
  let filter: Filter | undefined;
  if (settings.filter !== undefined) {
    const compiled = compileFilter(settings.filter);
    if ('problem' in compiled) {
      return compiled;
    }
    filter = compiled.filter;
  }
  const entityFit = settings.entity && compileEntityFilter(settings.entity);
  const wantsTopic = (topic: string) =>
    topics.some(pattern => fitsPattern(topic, pattern));
  return {
    selector: {
      topics,
      asksForEntity:
        entityFit !== undefined || filter?.variables.has('entity') === true,
      conditions: [
        ...(entityFit?.conditions ?? []),
        ...(filter?.requirements ?? []).map(toCondition),
      ],
      wantsTopic,
      select(event) {
        const misfit = wantsTopic(event.topic)
          ? entityFit && findEntityMisfit(entityFit, event)
          : `Topic '${event.topic}' is not among ${listTexts(topics)}`;
        if (misfit !== undefined) {
          return { matches: false, reason: misfit, failed: false };
        }
        return filter ? applyFilter(filter, event) : { matches: true };
      },
    },
  };
}

function findEntityMisfit(
  fit: EntityFit,
  { entity, entityProblem }: RoutedEvent,
): string | undefined {
  return entity ? fit.findMisfit(entity) : entityProblem;
}

function applyFilter(filter: Filter, event: RoutedEvent): Selection {
  const result = filter.match(event.subject);
  const lacksEntity =
    !result.matches &&
    result.failed &&
    filter.variables.has('entity') &&
    event.entityProblem !== undefined;
  // A filter that fails says what it did not find, which is not yet why.
  return lacksEntity
    ? { ...result, reason: `${result.reason}. ${event.entityProblem}` }
    : result;
}
