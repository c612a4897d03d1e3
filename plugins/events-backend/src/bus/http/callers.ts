import type {
  BackstageServicePrincipal,
  HttpAuthService,
} from '@backstage/backend-plugin-api';
import { NotAllowedError } from '@backstage/errors';
import type { Request } from 'express';
import { endpointSubscriptionPrefix, toEndpointId } from '../../endpoints';

const pluginSubject = /^plugin:(.+)$/;

/**
 * Lets in services, and none whose token is restricted to permissions, since no permission stands for the bus.
 *
 * @throws AuthenticationError without credentials
 * @throws NotAllowedError for users and restricted tokens
 */
export async function authorizeService(
  httpAuth: HttpAuthService,
  request: Request,
): Promise<BackstageServicePrincipal> {
  const { principal } = await httpAuth.credentials(request, {
    allow: ['service'],
  });
  const { permissionNames, permissionAttributes } =
    principal.accessRestrictions ?? {};
  if (permissionNames || permissionAttributes) {
    throw new NotAllowedError(
      'A token that is restricted to permissions cannot use the bus, since no permission stands for that',
    );
  }
  return principal;
}

/** The plugin that calls, where a plugin calls; otherwise the subject as it is, such as `external:builds`. */
export function readSource({ subject }: BackstageServicePrincipal): string {
  return pluginSubject.exec(subject)?.[1] ?? subject;
}

/**
 * Lets a plugin have its own subscriptions only. Every events service begins each id with its plugin; other services
 * are free to choose, but those of endpoints are nobody's.
 */
export function checkOwner(
  { subject }: BackstageServicePrincipal,
  subscriptionId: string,
): void {
  if (toEndpointId(subscriptionId) !== undefined) {
    throw new NotAllowedError(
      `Subscriptions whose id begins with '${endpointSubscriptionPrefix}' belong to endpoints of webhooks`,
    );
  }
  const pluginId = pluginSubject.exec(subject)?.[1];
  if (pluginId !== undefined && !subscriptionId.startsWith(`${pluginId}.`)) {
    throw new NotAllowedError(
      `The plugin '${pluginId}' may use subscriptions whose id begins with '${pluginId}.' only`,
    );
  }
}
