import {
  endpointSettingsSchema,
  type EndpointChangeRequest,
  type EndpointSettings,
} from '@callboard/backstage-plugin-events-common';
import { parseInput } from '../../model/parseInput';

/**
 * Joins the settings that change with those that stay.
 *
 * @param change - what is undefined stays; what is null goes, or goes back to its default
 * @throws InputError that names the first field that is wrong
 */
export function changeSettings(
  settings: EndpointSettings,
  change: Omit<EndpointChangeRequest, 'secrets'>,
): EndpointSettings {
  const changes = Object.entries(change).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value ?? undefined] as const],
  );
  return parseInput(endpointSettingsSchema, {
    ...settings,
    ...Object.fromEntries(changes),
  });
}
