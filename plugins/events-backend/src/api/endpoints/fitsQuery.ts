import type {
  EndpointSettings,
  EndpointsQuery,
} from '@callboard/backstage-plugin-events-common';
import { fitsPattern } from '../../model/topicPattern';
import { hasLabel } from './hasLabel';
import { isOwnedBy } from './isOwnedBy';

/** Whether an endpoint has the owner and the labels and wants the topic that a list is asked for. */
export function fitsQuery(
  settings: Pick<EndpointSettings, 'topics' | 'labels' | 'owner'>,
  {
    owner,
    label = [],
    topic,
  }: Pick<EndpointsQuery, 'owner' | 'label' | 'topic'>,
): boolean {
  return (
    (owner === undefined || isOwnedBy(settings.owner, [owner])) &&
    label.every(wanted => fitsLabel(settings.labels, wanted)) &&
    (topic === undefined ||
      settings.topics.some(pattern => fitsPattern(topic, pattern)))
  );
}

/** @param wanted - `key:value`, or `key` for any value; a value may hold colons */
function fitsLabel(
  labels: Readonly<Record<string, string>>,
  wanted: string,
): boolean {
  const [key, ...value] = wanted.split(':');
  return hasLabel(labels, key, value.length > 0 ? value.join(':') : undefined);
}
