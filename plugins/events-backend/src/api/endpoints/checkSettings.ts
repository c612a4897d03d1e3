import { InputError } from '@backstage/errors';
import type {
  EndpointSecrets,
  EndpointSettings,
} from '@callboard/backstage-plugin-events-common';
import type { EndpointDoor } from './EndpointDoor';

/** @throws InputError that says what is wrong with settings beyond the shape of each, and the remedy */
export function checkSettings(
  door: Pick<EndpointDoor, 'findProblem'>,
  settings: EndpointSettings,
  secrets: EndpointSecrets | undefined,
): void {
  const problem = door.findProblem(settings, secrets);
  if (problem !== undefined) {
    throw new InputError(problem);
  }
}
